/**
 * The modules to insert for `wanted`, dependencies first, each once.
 * @param modulesDep text of modules.dep (depmod(8)): `module.ko: dependency.ko …`, paths relative to it; a module's
 *   dependencies are listed with theirs, in reverse order of loading.
 * @param wanted module names without path and ending
 * @returns paths as in modules.dep, and the names that it lacks (built in, or not in this kernel)
 */
export const insertionOrder = (
  modulesDep: string,
  wanted: readonly string[],
): { paths: string[]; unknown: string[] } => {
  const dependencies = new Map<string, { path: string; needs: string[] }>();
  for (const line of modulesDep.split('\n')) {
    const [path, needs] = line.split(':');
    const name = /([^/]+)\.ko$/.exec(path ?? '')?.[1];
    if (path === undefined || name === undefined) continue;
    dependencies.set(name, { path, needs: (needs ?? '').split(' ').filter((one) => one !== '') });
  }
  const unknown = wanted.filter((name) => !dependencies.has(name));
  const paths = wanted.flatMap((name) => {
    const module = dependencies.get(name);
    return module === undefined ? [] : [...module.needs.toReversed(), module.path];
  });
  return { paths: [...new Set(paths)], unknown };
};
