import { describe, expect, test } from '@jest/globals';
import { escapeHtml, markup, prose, slug, trusted } from '#harness/report/page/html';

const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)> & \u0000\u202e\u001b[31m`;

describe('markup', () => {
  test('escapes values in content and in attributes, and only them', () => {
    const { text } = markup`<a title="${hostile}">${hostile}</a>`;
    expect(text.match(/</g)).toHaveLength(2);
    expect(text).not.toMatch(/<script|<img|"><s/);
    expect(text.startsWith('<a title="&quot;&gt;&lt;script&gt;')).toBe(true);
  });

  test('control and direction characters become visible replacements', () => {
    expect(escapeHtml('a\u0000b\u001bc\u202ed')).toBe('a\ufffdb\ufffdc\ufffdd');
    expect(escapeHtml('line\nbreak\tand tab')).toBe('line\nbreak\tand tab');
  });

  test('nests markup, joins lists, and leaves out empty parts', () => {
    const items = ['a<', 'b'].map((item) => markup`<li>${item}</li>`);
    expect(markup`<ul>${items}${null}${undefined}${false}</ul>`.text).toBe(
      '<ul><li>a&lt;</li><li>b</li></ul>',
    );
    expect(markup`${0}`.text).toBe('0');
  });

  test('an object that only looks like markup is not treated as markup', () => {
    const forged = { text: '<script>' } as unknown as string;
    expect(markup`${JSON.parse(JSON.stringify(['<b>'])) as string[]}`.text).toBe('&lt;b&gt;');
    expect(() => markup`${forged}`).toThrow();
  });

  test('trusted text stays as it is; prose lowers an index and escapes the rest', () => {
    expect(markup`${trusted('<i>')}`.text).toBe('<i>');
    expect(prose('κ_M < 1 and D_max').text).toBe('κ<sub>M</sub> &lt; 1 and D<sub>max</sub>');
  });
});

test.each([
  ['icclab-10g: hybrid', 'icclab-10g-hybrid'],
  ['hybrid/1G/2048/0', 'hybrid-1g-2048-0'],
  [hostile, 'script-alert-x-script-img-src-x-onerror-alert-1-31m'],
])('the slug of %j is fit for an id', (text, id) => {
  expect(slug(text)).toBe(id);
});
