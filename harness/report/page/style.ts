import { colourRules } from '../palette.ts';

const serif = "Charter,'Bitstream Charter','Sitka Text',Cambria,Georgia,'Times New Roman',serif";
const sans = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';
const mono = 'ui-monospace,SFMono-Regular,Menlo,Consolas,monospace';

const text = `
*{box-sizing:border-box}
html{font:16px/1.6 ${serif};background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}
h1,h2,h3,h4{line-height:1.25;font-weight:600;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:2.1rem;margin:.15em 0 .5em;letter-spacing:-.01em;max-width:22em}
h2{font-size:1.4rem;margin:3.5rem 0 .8rem;padding-top:.9rem;border-top:1px solid var(--rule)}
h3{font:600 1rem/1.4 ${sans};margin:2.2rem 0 .8rem}
h4{font:600 .95rem/1.4 ${sans};margin:0 0 .7rem}
p,li{max-width:42rem;margin:.6em 0;text-wrap:pretty;overflow-wrap:break-word}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.15em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}
sub{line-height:0;font-size:.75em}
code{font:.85em ${mono};overflow-wrap:anywhere}
.answer{font-size:1.12rem;line-height:1.5;max-width:48rem}
#answer h2{margin-top:1.6rem}
#answer .timeline{margin:1.4rem 0}
.cells summary{font:.9rem/1.6 ${sans};color:var(--link)}
.kicker{font:600 .8rem ${sans};letter-spacing:.04em;color:var(--soft);margin:0}
.outcome{font:.95rem/1.9 ${sans};margin:1.3em 0}
.kind{display:block}
.count{white-space:nowrap;margin-right:.9em;font-variant-numeric:tabular-nums}
.source,.missing,.remarks{font:.85rem/1.5 ${sans};color:var(--soft)}
.missing{border-left:3px solid var(--rule);padding-left:.8em}
.hash{font:.8rem ${mono};overflow-wrap:anywhere}
`;

const tables = `
.scroll{overflow-x:auto;margin:1.1rem 0;scrollbar-width:thin}
table{border-collapse:collapse;font:.85rem/1.45 ${sans};font-variant-numeric:tabular-nums;min-width:100%;border-top:1.5px solid var(--ink);border-bottom:1.5px solid var(--ink)}
th,td{text-align:left;vertical-align:top;padding:.45rem .9rem .45rem 0;font-weight:400}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:600;vertical-align:bottom;border-bottom:1px solid var(--ink)}
tbody th{font-weight:600}
tbody tr+tr>*{border-top:1px solid var(--rule)}
table.figures{width:auto}
table.figures td,table.figures tbody th{white-space:nowrap}
.wrap{display:block;white-space:normal;min-width:8rem}
table.text td,table.text th{min-width:5.5rem}
.checks .statement{min-width:17rem;width:36%}
.checks td:nth-child(3){width:15%}
.checks td:nth-child(4){width:21%}
.checks .why>*{border-top:0;padding-top:0;color:var(--soft)}
.checks .why p{max-width:none;margin:0 0 .3rem}
.checks .group{padding:1.3rem 0 .5rem;color:var(--soft);font-weight:600;border-bottom:1px solid var(--rule)}
.checks .group span{position:sticky;left:0;display:inline-block;max-width:min(60rem,calc(100vw - 3rem))}
tbody th .claim{display:block;font-weight:400;min-width:13rem}
td .source{display:block;min-width:13rem}
.statement .source{display:inline}
table.pairs th{width:11rem}
.remark{white-space:nowrap;margin-right:.5em}
.run-links a{white-space:nowrap}
.run-links summary,.explanation summary,.data summary,.raw summary{color:var(--link)}
dl.facts{font:.9rem/1.5 ${sans};margin:1.4rem 0;max-width:54rem}
dl.facts div{display:grid;grid-template-columns:9rem 1fr;gap:0 1.2rem;padding:.3rem 0;border-top:1px solid var(--rule)}
dl.facts div:last-child{border-bottom:1px solid var(--rule)}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
`;

const verdicts = `
.verdict{font:600 .9em ${sans};white-space:nowrap}
.verdict.good{color:var(--good)}
.verdict.bad{color:var(--bad)}
.verdict.open,.verdict.era{color:var(--open)}
.verdict.none{color:var(--soft);font-weight:400}
`;

const navigation = `
nav{font:.9rem/1.5 ${sans};margin:2.2rem 0;padding:1.1rem 1.3rem;background:var(--wash)}
nav h2{font:600 .9rem ${sans};margin:0 0 .5rem;padding:0;border:0}
nav ol{list-style:none;margin:0;padding:0;columns:18rem;column-gap:2.5rem}
nav ol ol{columns:auto;padding-left:1.1rem}
nav li{margin:0;padding:.1rem 0;break-inside:avoid-column}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
`;

const figures = `
figure{margin:0}
.figure{margin:0 0 3.2rem;break-inside:avoid}
svg.drawing{display:block;max-width:100%;height:auto;background:var(--paper)}
.narrow{display:none}
figcaption{font:.88rem/1.55 ${sans};margin-top:.7rem}
figcaption p{margin:.45em 0}
.tools{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;margin-top:.5rem}
.tools details[open]{flex:1 0 100%;min-width:0}
summary{cursor:pointer;overflow-wrap:anywhere}
button{font:inherit;color:var(--link);background:none;border:0;padding:0;text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.15em;cursor:pointer}
`;

const runs = `
details.group{border-top:1px solid var(--rule);font-family:${sans}}
details.group:last-of-type{border-bottom:1px solid var(--rule)}
details.group>summary{padding:.7rem 0}
details.group>summary h3{display:inline;margin:0 .7rem 0 0}
details.group>summary span{font-size:.85rem;color:var(--soft)}
details.run{margin-left:1.1rem;border-top:1px solid var(--rule);font-size:.88rem}
details.run>summary{padding:.35rem 0}
.cell{display:inline-block;min-width:22rem;margin-right:1rem}
.glance{color:var(--soft);font-variant-numeric:tabular-nums}
.run-body{display:grid;grid-template-columns:minmax(0,27rem) minmax(0,1fr);gap:1.2rem 2.2rem;padding:.8rem 0 1.8rem}
.run-body>:first-child:last-child,.failure{grid-column:1/-1}
.run-facts dl.facts{margin-top:0;font-size:.82rem}
.run-facts dl.facts div{grid-template-columns:7.5rem 1fr}
.timeline svg{width:100%}
.run figcaption,.raw{font-size:.82rem}
pre{font:.75rem/1.45 ${mono};max-height:28rem;overflow:auto;background:var(--wash);padding:.9rem;margin:.6rem 0}
`;

const small = `
@media screen and (max-width:52rem){
.run-body{grid-template-columns:minmax(0,1fr)}
.cell{min-width:0}
}
@media screen and (max-width:48rem){
body{padding:1.6rem 1.25rem 3rem}
h1{font-size:1.65rem}
h2{margin-top:2.6rem}
.answer{font-size:1rem}
.wide{display:none}
.narrow{display:block}
dl.facts div,.run-facts dl.facts div{grid-template-columns:1fr;padding:.4rem 0}
details.run{margin-left:.4rem}
}
`;

const paper = `
@media print{
@page{margin:18mm 16mm}
html{font-size:10.5pt}
body{max-width:none;padding:0}
nav,.tools,.download,button,.raw,.run-links,.data{display:none}
.wide{display:block}
.narrow{display:none}
.timeline .wide{display:none}
.timeline .narrow{display:block;max-width:24rem}
.scroll{overflow:visible}
table,.checks .source,td .source{font-size:8pt}
table.figures td,table.figures tbody th,table.text td,table.text th{white-space:normal}
table.text td,table.text th{min-width:0}
td,th{padding-right:.6rem}
td .source,tbody th .claim,.checks .statement{min-width:0}
h2{break-after:avoid}
h3,h4{break-after:avoid}
tr,.figure{break-inside:avoid}
.explanation>summary,.cells>summary{display:none}
.explanation::details-content,.cells::details-content,.group::details-content,.few .run::details-content{content-visibility:visible;display:block}
a{color:inherit;text-decoration:none}
}
`;

/** The whole style sheet: nothing is fetched, and fonts are the system's. */
export const pageStyle = [
  colourRules(':root'),
  text,
  tables,
  verdicts,
  navigation,
  figures,
  runs,
  small,
  paper,
]
  .join('')
  .replaceAll('\n', '');
