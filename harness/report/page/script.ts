/**
 * What the page does beyond HTML: unfold what a link leads to, and unpack what is packed. Without it every download
 * still works, as .gz.
 */
export const pageScript = `'use strict';
const unpack = async (href) => {
  const bytes = Uint8Array.from(atob(href.slice(href.indexOf(',') + 1)), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
};
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target === null) return;
  for (let at = target; at !== null; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  target.scrollIntoView();
};
const show = async (raw) => {
  const pre = raw.querySelector('pre');
  if (!raw.open || pre.textContent !== '') return;
  pre.textContent = JSON.stringify(JSON.parse(await unpack(raw.querySelector('a').href)), null, 2);
};
addEventListener('hashchange', unfold);
addEventListener('toggle', (event) => { if (event.target.classList.contains('raw')) void show(event.target); }, true);
addEventListener('click', async (event) => {
  const link = event.target.closest('a');
  if (link === null) return;
  if (link.hash !== '' && link.hash === location.hash) unfold();
  if (!link.download.endsWith('.gz')) return;
  event.preventDefault();
  const plain = document.createElement('a');
  plain.download = link.download.slice(0, -3);
  plain.href = URL.createObjectURL(new Blob([await unpack(link.href)]));
  plain.click();
  setTimeout(() => URL.revokeObjectURL(plain.href), 60000);
});
unfold();
`;
