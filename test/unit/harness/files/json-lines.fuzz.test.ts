import fc from 'fast-check';
import { jsonLinesOf } from '#harness/files/json-lines';
import { fuzz } from '#test/support/fuzz';

const documents = fc.array(fc.record({ runId: fc.string(), value: fc.jsonValue() }), { maxLength: 5 });

/** What an appender does: it never continues half a line. */
const appended = (text: string, more: readonly unknown[]): string =>
  more.reduce<string>(
    (before, document) =>
      `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${JSON.stringify(document)}\n`,
    text,
  );

fuzz(
  'a writer that is killed anywhere costs its own line and no other',
  fc.record({ before: documents, after: documents, lost: fc.nat(200) }),
  ({ before, after, lost }) => {
    const whole = appended('', before);
    const last = before.length === 0 ? 0 : JSON.stringify(before.at(-1)).length + 1;
    const text = appended(whole.slice(0, whole.length - Math.min(lost, last)), after);
    const lines = jsonLinesOf(text);
    const kept = lines.flatMap(({ document }) => (document === undefined ? [] : [JSON.stringify(document)]));
    // Without its last character a line is still whole; with more missing it is reported, or empty.
    const isKept = lost <= 1 || last === 0;
    const expected = [...(isKept ? before : before.slice(0, -1)), ...after].map((each) =>
      JSON.stringify(each),
    );
    const torn = lines.filter(({ isTorn }) => isTorn).length;
    return (
      JSON.stringify(kept) === JSON.stringify(expected) &&
      torn === (isKept || lost >= last ? 0 : 1) &&
      lines.every(({ document, isTorn }) => isTorn === (document === undefined))
    );
  },
);

fuzz('any text has lines, and whatever is no JSON says why', fc.string({ unit: 'binary' }), (text) =>
  jsonLinesOf(text).every(
    ({ document, why, number }) => (document === undefined) === (why !== '') && number > 0,
  ),
);
