/**
 * Sends a volume of TCP payload to a probe sink that never reports on it, and ends when the sink has closed.
 * usage: node tcp-volume.ts ADDRESS PORT BYTES
 */
import { connect } from 'node:net';
import { requestOf } from '#hosts/probe-sink';

const [address, port, bytes] = process.argv.slice(2);
const socket = connect(Number(port), address);
socket.write(requestOf(0x7fffffff, 0));
socket.end(Buffer.alloc(Number(bytes)));
socket.resume();
socket.on('close', () => {
  console.log(JSON.stringify({ bytes: Number(bytes) }));
});
