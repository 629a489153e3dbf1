import type { CompletedRun } from '#harness/result';
import { formatCount, formatMs } from '../../format.ts';
import { drawService } from '../plots/service-timeline.ts';
import { errorsText, servicePhases } from '../service.ts';
import type { Markup } from './html.ts';
import { markup } from './html.ts';
import { inlineSvg } from './svg.ts';
import { tableOf } from './table.ts';

const msText = (value: number | null): string => (value === null ? '–' : formatMs(value));
const whole = (value: number): string => formatCount(Math.round(value));

/** A run's service over time, and by phase of the migration; nothing of a guest that is none. */
export const serviceFigure = async (run: CompletedRun, id: string, cell: string): Promise<Markup> => {
  const { service } = run.measurement;
  if (service === undefined) return markup``;
  const phases = servicePhases(service);
  return markup`<figure class="timeline">
      ${inlineSvg(await drawService(run), {
        id: `${id}-service`,
        title: `Service of ${cell}`,
        description:
          `Replies and errors per second, and latency, under ${whole(service.rate)} requests a second: ` +
          phases.map(([name, span]) => `${name} p95 ${msText(span.p95Ms)}, ${errorsText(span)}`).join('; '),
      })}
    </figure>
    ${tableOf({
      label: `Service of ${cell} by phase`,
      kind: 'figures',
      head: ['phase', 'for', 'requests/s', 'replies/s', 'kB/s', 'p50', 'p90', 'p95', 'p99', 'max', 'errors'],
      rows: phases.map(([name, span]) => [
        name,
        formatMs(span.durationMs),
        ...[span.requestsPerSecond, span.repliesPerSecond, span.kilobytesPerSecond].map(whole),
        ...[span.p50Ms, span.p90Ms, span.p95Ms, span.p99Ms, span.maxMs].map(msText),
        errorsText(span),
      ]),
    })}`;
};
