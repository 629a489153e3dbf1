import { env } from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dockerDriver } from '#harness/testbed/docker/index';
import { askEngine, connectEngine } from '#harness/testbed/docker/engine';

const before = { ...env };
const restore = (): void => {
  for (const name of ['DOCKER_HOST', 'DOCKER_CERT_PATH'])
    if (before[name] === undefined) Reflect.deleteProperty(env, name);
    else env[name] = before[name];
};
beforeEach(restore);
afterEach(restore);

describe('DOCKER_HOST', () => {
  test.each(['http://', 'tcp://host:99999', 'tcp://', '::', 'foo://bar', 'host:port', 'tcp://a b'])(
    '%s is refused with a clear error, not a crash',
    async (host) => {
      env['DOCKER_HOST'] = host;
      expect(() => connectEngine()).toThrow(
        expect.objectContaining({
          code: 'BAD_INPUT',
          message: expect.stringMatching(/^DOCKER_HOST: expected an address like .*, got "/),
        }),
      );
      expect(await askEngine()).toMatchObject({
        answers: false,
        reason: expect.stringMatching(/DOCKER_HOST: /),
      });
      expect(await dockerDriver.probe()).toMatchObject({ supported: false });
      expect(await dockerDriver.sweep()).toEqual([]);
    },
  );

  test('missing certificates are reported as such', () => {
    env['DOCKER_HOST'] = 'tcp://127.0.0.1:2376';
    env['DOCKER_CERT_PATH'] = '/no/such/directory';
    expect(() => connectEngine()).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringMatching(/ca\.pem|cert\.pem/) }),
    );
  });

  test.each([
    'unix:///var/run/docker.sock',
    'tcp://127.0.0.1:2375',
    '127.0.0.1:2375',
    'ssh://me@host',
    'tcp://[::1]:2375',
  ])('%s is accepted', (host) => {
    env['DOCKER_HOST'] = host;
    expect(() => connectEngine()).not.toThrow();
  });
});
