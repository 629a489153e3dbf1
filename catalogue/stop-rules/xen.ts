import { defineStopRule } from '../stop-rule.ts';
import { xenRule, xenSuspends } from './parts/xen-rule.ts';

export default defineStopRule({
  name: 'xen',
  help: `${xenRule.maxIterations} rounds, ${xenRule.maxFactor} × RAM, or a round of fewer than ${xenRule.fewPages} pages`,
  parameters: {},
  goesByDowntimeLimit: false,
  endsByItself: "Xen's rule ends by itself",
  isModelledOnPaper: true,
  precopy: async (session, signal) => {
    const { memory, pages } = session;
    let pending = memory.sync();
    for (let iteration = 1; ; iteration++) {
      const pagesTaken = pending.count;
      let cursor = memory.firstToSend;
      while (pending.count > 0) {
        signal.throwIfAborted();
        // A page dirtied again before its turn would be sent in vain: leave it to the next iteration.
        cursor = await pages.sendBatch(pending, cursor, (page) => iteration > 1 && memory.isDirty(page));
      }
      await pages.fence();
      pending = memory.sync();
      session.roundEnded(pending.count);
      if (xenSuspends(iteration, pagesTaken, pages.sentPages, memory.pageCount)) return pending;
    }
  },
});
