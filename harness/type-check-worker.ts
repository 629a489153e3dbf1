/** The thread of type-check.ts: posts what TypeScript says of a strategy file. */
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type ts from 'typescript';
import type { TypeProblem, TypesAsked, TypesChecked } from './type-check.ts';

const { file, typescript, api } = workerData as TypesAsked;
const problemsMax = 50;

const answer = (checked: TypesChecked): void => {
  parentPort?.postMessage(checked);
};

type TypeScript = typeof ts;

/** Those of the project that the file is in, or what livemig's own strategies are checked by. */
const settingsOf = (compiler: TypeScript): ts.CompilerOptions => {
  const config = compiler.findConfigFile(dirname(file), (path) => compiler.sys.fileExists(path));
  const own: ts.CompilerOptions = {
    strict: true,
    target: compiler.ScriptTarget.ESNext,
    module: compiler.ModuleKind.NodeNext,
    moduleResolution: compiler.ModuleResolutionKind.NodeNext,
  };
  if (config === undefined) return own;
  const { config: read } = compiler.readConfigFile(config, (path) => compiler.sys.readFile(path)) as {
    config?: object;
  };
  // Its files are not what is checked here.
  const asked = { ...read, files: [file], include: undefined, references: undefined };
  return { ...own, ...compiler.parseJsonConfigFileContent(asked, compiler.sys, dirname(config)).options };
};

const problemsIn = (compiler: TypeScript): TypeProblem[] => {
  const settings = settingsOf(compiler);
  const program = compiler.createProgram([file], {
    ...settings,
    noEmit: true,
    composite: false,
    incremental: false,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: { ...settings.paths, 'livemig/strategy': [api] },
  });
  const source = program.getSourceFile(file);
  if (source === undefined) return [];
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    .slice(0, problemsMax)
    .map(({ start = 0, code, messageText }) => {
      const { line, character } = source.getLineAndCharacterOfPosition(start);
      const says = compiler.flattenDiagnosticMessageText(messageText, '\n');
      return { line: line + 1, column: character + 1, code, says };
    });
};

const { default: compiler } = (await import(pathToFileURL(typescript).href)) as {
  default: Partial<TypeScript>;
};
const { version = 'unknown' } = compiler;
if (typeof compiler.createProgram !== 'function')
  answer({ state: 'not-tried', why: `typescript ${version} has no createProgram for programs` });
else {
  const problems = problemsIn(compiler as TypeScript);
  answer({ state: problems.length === 0 ? 'passed' : 'failed', typescript: version, problems });
}
