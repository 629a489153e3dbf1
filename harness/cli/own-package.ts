import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

interface Manifest {
  /** What is public, by its name after `livemig`: the file that it is compiled to. */
  exports: Readonly<Record<string, string>>;
}

/** Of a clone, or of the npm package's `dist`. */
const manifest = new URL('../../package.json', import.meta.url);

/** The name of a public module inside the project: `livemig/study` is `#harness/study`. */
const insideName = (specifier: string, { exports }: Manifest): string | undefined =>
  /^\.\/(?:dist\/)?(.*)\.js$/.exec(exports[specifier.replace('livemig', '.')] ?? '')?.[1];

/**
 * Makes `livemig/study` resolve to the running livemig for every study, wherever it is and whether or not livemig is
 * installed there: in a clone to the source, as nothing is compiled there. For a process of its own: Jest has other means.
 */
export const provideOwnPackage = (): void => {
  const own = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!/^livemig(?:\/|$)/.test(specifier)) return next(specifier, context);
      const name = insideName(specifier, own);
      return next(name === undefined ? specifier : `#${name}`, { ...context, parentURL: import.meta.url });
    },
  });
};
