import type { Attempt, Disturbance } from '../conformance/attempt.ts';
import type { Checked } from '../conformance/check-thread.ts';
import type { CaseExplanation, Finding } from '../conformance/check.ts';
import { diagnoses, diagnosisLink } from '../conformance/diagnoses.ts';
import type { Timeline } from '../conformance/timeline.ts';
import { headEntries } from '../conformance/timeline.ts';
import { formatMs, formatRate } from '../format.ts';
import type { TypesChecked } from '../type-check.ts';

/** A strategy's file, as the user named it, and what is in it. */
export interface CheckedFile {
  file: string;
  name: string;
  text: string;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const disturbanceText = (disturbance: Disturbance): string => {
  switch (disturbance.kind) {
    case 'failing-call':
      return `call ${disturbance.nth} of its session fails`;
    case 'abort':
      return `it is aborted at call ${disturbance.nth} of its session`;
    case 'lost-connections':
      return `all connections are lost ${formatMs(disturbance.afterMs)} after status ${disturbance.at}`;
  }
};

/** The migration that shows it, in figures. */
const attemptText = ({ trial, disturbance }: Attempt): string => {
  const { pageCount, vcpus = 1, dirtyPagesPerMs, regionPages, rateMbps, rttMs, diskBlocks = 0, seed } = trial;
  const region = regionPages < pageCount ? ` to ${counted(regionPages, 'page')}` : '';
  return [
    counted(pageCount, 'page'),
    counted(vcpus, 'vCPU'),
    dirtyPagesPerMs === 0 ? 'no writes' : `${counted(dirtyPagesPerMs, 'write')} a ms${region}`,
    ...(diskBlocks === 0 ? [] : [`a disk of ${counted(diskBlocks, 'block')}`]),
    formatRate(rateMbps),
    formatMs(rttMs),
    `seed ${seed}`,
    ...(disturbance === undefined ? [] : [disturbanceText(disturbance)]),
  ].join(', ');
};

/** The command that shows it again. */
const replayCommand = (file: string, { case: id, smallest }: CaseExplanation): string =>
  `livemig check ${file} --case ${id} --seed ${smallest.trial.seed}`;

const codeLine = (text: string, line: number): string[] => {
  const code = text.split('\n')[line - 1]?.trim();
  return code === undefined || code === '' ? [] : [`  ${line} | ${code.slice(0, 100)}`];
};

const headLines = (
  { file, text }: CheckedFile,
  { diagnosis, isConfirmed, observed }: CaseExplanation,
): string[] => {
  if (diagnosis === null)
    return [
      `${file}: it fails, in a way that livemig has no diagnosis for.`,
      ...observed.map(({ says }) => `  seen: ${says}`),
    ];
  const { code, place, seen } = diagnosis;
  const { means, advice } = diagnoses[code];
  return [
    `${place === null ? file : `${file}:${place.line}`}: ${code}. ${means}`,
    ...(place === null ? [] : codeLine(text, place.line)),
    `  seen: ${seen}`,
    `  do: ${advice}`,
    ...(isConfirmed ? ['  tried: with that done in its place, the migration below loses nothing'] : []),
    `  more: ${diagnosisLink(code)}`,
  ];
};

const unitOf = ({ page }: Timeline, { smallest }: CaseExplanation): string =>
  page === null
    ? 'its last calls'
    : page < smallest.trial.pageCount
      ? `page ${page}`
      : `block ${page - smallest.trial.pageCount} of the disk`;

const timelineLines = (file: string, explanation: CaseExplanation): string[] => {
  const { timeline, smallest } = explanation;
  if (timeline === null) return [`The migration that shows it (${attemptText(smallest)}).`];
  const { entries, leftOut } = timeline;
  const lines = entries.map(({ atMs, says, line }) => {
    const at = atMs.toFixed(1).padStart(9);
    return `${at} ms  ${says}${line === null ? '' : ` (${file}:${line})`}`;
  });
  const head = leftOut === 0 ? lines.length : headEntries;
  return [
    `The smallest migration that shows it (${attemptText(smallest)}):`,
    `  ${unitOf(timeline, explanation)}`,
    ...lines.slice(0, head),
    ...(leftOut === 0 ? [] : [`             … ${leftOut} more …`]),
    ...lines.slice(head),
  ];
};

/** Cases with what they have in common. */
const groupLines = (findings: readonly Finding[], first: Finding | undefined): string[] => {
  const titleOf = ({ state, cause, problem }: Finding): string => {
    if (state === 'passed') return 'passed';
    if (state === 'not-tried') return `not tried, as ${problem ?? ''}`;
    if (cause === null) return 'failed, without a diagnosis';
    return cause === first?.cause ? `failed for this reason` : `failed with ${cause}`;
  };
  const order = { failed: 0, passed: 1, 'not-tried': 2 } as const;
  const sorted = findings.toSorted((a, b) => order[a.state] - order[b.state]);
  return [...Map.groupBy(sorted, titleOf)].map(
    ([title, group]) => `${title} (${group.length}): ${group.map(({ case: id }) => id).join(', ')}`,
  );
};

const typesLines = (file: string, types: TypesChecked | null): string[] => {
  if (types === null) return [];
  if (types.state === 'not-tried') return [`types: not tried, ${types.why}`];
  const { problems, typescript } = types;
  if (types.state === 'passed') return [`types: no problem, by TypeScript ${typescript}`];
  return [
    `types: ${counted(problems.length, 'problem')}, by TypeScript ${typescript}`,
    ...problems.map(
      ({ line, column, code, says }) =>
        `  ${file}:${line}:${column}: TS${code}: ${says.replaceAll('\n', ' ')}`,
    ),
  ];
};

export const countOf = (findings: readonly Finding[], state: Finding['state']): number =>
  findings.filter((finding) => finding.state === state).length;

/** What a check says to people: one thing first, and how it was seen; then all cases. */
export const checkText = (
  of: CheckedFile,
  { findings, explanation }: Checked,
  types: TypesChecked | null,
): string => {
  const { file, name } = of;
  const [passed, failed, untried] = [countOf(findings, 'passed'), countOf(findings, 'failed'), countOf(findings, 'not-tried')]; // prettier-ignore
  const rest = [...(failed > 0 ? [`${failed} fail`] : []), ...(untried > 0 ? [`${untried} not tried`] : [])];
  const sum = `${name}: ${[`${passed} of ${findings.length} hold`, ...rest].join(', ')}`;
  const typed = typesLines(file, types);
  if (failed === 0) return [sum, ...typed].join('\n');
  const first = findings.find(({ state }) => state === 'failed');
  const told =
    explanation === null
      ? []
      : [
          ...headLines(of, explanation),
          '',
          ...timelineLines(file, explanation),
          `again: ${replayCommand(file, explanation)}`,
          '',
        ];
  return [...told, ...groupLines(findings, first), sum, ...typed].join('\n');
};

/** The same as a document. */
export const checkDocument = (
  { file, text }: CheckedFile,
  { findings, explanation }: Checked,
  types: TypesChecked | null,
): object => {
  const { diagnosis = null, observed = [] } = explanation ?? {};
  return {
    diagnosis:
      diagnosis === null
        ? null
        : {
            code: diagnosis.code,
            ...diagnoses[diagnosis.code],
            seen: diagnosis.seen,
            place: diagnosis.place,
            source: diagnosis.place === null ? null : (text.split('\n')[diagnosis.place.line - 1] ?? null),
            isConfirmed: explanation?.isConfirmed ?? false,
            link: diagnosisLink(diagnosis.code),
          },
    observed,
    counterexample:
      explanation === null
        ? null
        : {
            case: explanation.case,
            ...explanation.smallest,
            timeline: explanation.timeline,
            replay: replayCommand(file, explanation),
          },
    findings,
    types,
  };
};
