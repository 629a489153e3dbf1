import { expect, test } from '@jest/globals';
import { explainFailure } from '#harness/testbed/netns/probe';

const failure = 'unshare: unshare failed: Operation not permitted.';
const reading =
  (values: Record<string, string>) =>
  (name: string): string | null =>
    values[name] ?? null;

test('tells root which capabilities are missing', () => {
  const reason = explainFailure(failure, false, reading({}));
  expect(reason).toContain(failure);
  expect(reason).toContain('CAP_SYS_ADMIN');
  expect(reason).not.toContain('sysctl');
});

test.each([
  ['user.max_user_namespaces', '0', '15000'],
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
])('tells an ordinary user which setting forbids it: %s=%s', (name, value, remedy) => {
  expect(explainFailure(failure, true, reading({ [name]: value }))).toContain(`sysctl -w ${name}=${remedy}`);
});

test('does not blame a setting that allows it', () => {
  const allowing = {
    'user.max_user_namespaces': '96365',
    'kernel.unprivileged_userns_clone': '1',
    'kernel.apparmor_restrict_unprivileged_userns': '0',
  };
  const reason = explainFailure(failure, true, reading(allowing));
  expect(reason).toContain(failure);
  expect(reason).not.toContain('sysctl');
});
