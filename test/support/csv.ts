/** Reads RFC 4180, strictly: throws on a misplaced quote. */
export const parseCsv = (text: string): string[][] => {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quoted = /"((?:[^"]|"")*)"(,|\r\n|$)/y;
    const plain = /([^",\r\n]*)(,|\r\n|$)/y;
    const pattern = text[at] === '"' ? quoted : plain;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new Error(`no CSV at ${at}: ${text.slice(at, at + 40)}`);
    row.push(text[at] === '"' ? match[1]!.replaceAll('""', '"') : match[1]!);
    at += match[0].length;
    if (match[2] !== ',') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
};
