/** What can be wrong with a strategy: what it means, and what to do. A closed list; each is told by evidence alone. */
export const diagnoses = {
  'missing-await': {
    means:
      'It makes a call of its session without awaiting it, so what follows comes too early, and a failure goes unnoticed.',
    advice: 'Write `await` before the call, and before every function of yours that makes such calls.',
  },
  'unknown-name': {
    means: 'It asks its session for something that it does not have, and goes on with `undefined`.',
    advice:
      'Correct the name: docs/reference.md has all limits, and the types of `livemig/strategy` the rest.',
  },
  'wrong-order': {
    means: 'It makes a call of its session out of order, or in a way that there is not.',
    advice:
      'Between the last round and the end, in this order and once each: `guest.pause`, `destination.discard` (if any), ' +
      '`destination.sendDeviceState`, `destination.resume`, `destination.complete`.',
  },
  throws: {
    means: 'It throws an error of its own.',
    advice:
      'Mend what throws. To give up a guest that never converges, throw NOT_CONVERGED before the pause.',
  },
  'unheard-failure': {
    means: 'Something of it fails where nobody waits: in a timer, or in a promise that nobody awaits.',
    advice: 'Await every promise, and let time pass by `await session.clock.sleep(ms, signal)` only.',
  },
  'never-switches-over': {
    means: 'It ends without having resumed the guest at the destination.',
    advice: 'End with `stopAndSendRest` or `switchToPostcopy`, or throw why it gives up.',
  },
  'never-completes': {
    means: 'It ends before the destination has confirmed every page.',
    advice: 'End with `await session.destination.complete()`.',
  },
  'blocking-loop': {
    means: 'It never lets go of its thread: a loop awaits nothing, or nothing that takes time.',
    advice:
      'Await a call of the session in every loop. No page is sent, and the guest does nothing, before it does.',
  },
  'endless-loop': {
    means: 'It never ends: it makes the same calls again and again, and the guest has not moved.',
    advice: 'Bound the loop, by rounds or by time (`checkBounds`), and send what is left once it has ended.',
  },
  'limits-ignored': {
    means:
      'It never ends with a guest that dirties pages faster than the link carries them: it ignores `maxRounds` and `maxPrecopyMs`.',
    advice: 'Call `checkBounds` after every round, or switch over after a fixed number of them.',
  },
  'waits-forever': {
    means: 'It never ends: it awaits something that nothing in a migration brings about.',
    advice: 'Await calls of the session only; `session.clock.sleep` instead of `setTimeout`.',
  },
  'forgotten-discard': {
    means:
      'It resumes the guest at the destination with older copies of pages there: the guest uses them, and newer ones are dropped.',
    advice:
      'Between pause and resume, give what was dirtied since it was sent to `await session.destination.discard(stale)`; ' +
      '`switchToPostcopy` does so with its third argument.',
  },
  'missing-last-sync': {
    means: 'It never sends what the guest dirtied last, before it was paused.',
    advice:
      'Call `session.memory.sync()` once more after `await session.guest.pause()`, and send what it returns, too.',
  },
  'early-switchover': {
    means:
      'It resumes the guest at the destination with pages pending: `memory.sync()` has returned them, and nothing sent them.',
    advice:
      "Send until the set is empty (`sendAll`) before `destination.resume('complete')`, or resume with `'postcopy'` and push them.",
  },
  'missing-serve': {
    means:
      'It resumes the guest with pages missing, and does not say which: none is fetched on demand, and what a lost connection ' +
      'took is never sent again.',
    advice: "Call `session.faults.serve(missing)` before `destination.resume('postcopy')`.",
  },
  'pages-left-out': {
    means: 'After the switchover it leaves out pages that the destination lacks.',
    advice: 'Give `faults.serve` all that is missing, and `sendBatch` the same set until it is empty.',
  },
  'disk-left-out': {
    means: 'It resumes the guest at the destination before its disk is there.',
    advice:
      "Send `session.memory.mustPrecopy(pending)` before `destination.resume('postcopy')`; `switchToPostcopy` does.",
  },
  'sent-twice': {
    means: 'After the switchover it sends pages that the destination has, up to date: they only take time.',
    advice: 'Push what was dirtied since it was sent, not all pages; or discard them before.',
  },
  'failure-swallowed': {
    means: 'A call of its session fails, and it does not pass the error on.',
    advice: 'Let errors of the session pass, or throw another one with `{ cause: error }`.',
  },
  'abort-ignored': {
    means: 'It goes on after its signal has aborted.',
    advice: 'Call `signal.throwIfAborted()` in every loop, and pass errors of the session on.',
  },
  'gives-up-otherwise': {
    means: 'It gives up a guest that never converges, but by another error than NOT_CONVERGED, or too late.',
    advice:
      "Throw `new LivemigError('NOT_CONVERGED', …)` before the guest is resumed anywhere; `checkBounds` does.",
  },
  'not-repeatable': {
    means:
      'It fails, and tried again in the same way it does not: it depends on something besides its session.',
    advice: 'Look for variables outside of `migrate`, `Math.random`, the date and timers.',
  },
} as const;

export type DiagnosisCode = keyof typeof diagnoses;
export const diagnosisCodes = Object.keys(diagnoses) as DiagnosisCode[];

export const diagnosisLink = (code: DiagnosisCode): string => `docs/diagnoses.md#${code}`;
