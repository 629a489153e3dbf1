/** An agent whose source can't start: the other three hosts are up by then, or about to be. */
if (process.argv[2] === 'source') {
  console.error('failing agent: out of coffee');
  process.exit(1);
}
await import('#hosts/agent');
