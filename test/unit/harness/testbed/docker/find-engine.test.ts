import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findEngine } from '#harness/testbed/docker/find-engine';
import type { Surroundings } from '#harness/testbed/docker/find-engine';

/** A machine with these files; sockets have no text. */
const machine = (files: Readonly<Record<string, string>>, env: Surroundings['env'] = {}): Surroundings => ({
  env,
  home: '/home/me',
  uid: 1000,
  isThere: (path) => path in files,
  read: (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  },
});

const work = createHash('sha256').update('work').digest('hex');
const contexts = {
  '/home/me/.docker/config.json': '{ "currentContext": "work" }',
  [`/home/me/.docker/contexts/meta/${work}/meta.json`]:
    '{ "Name": "work", "Endpoints": { "docker": { "Host": "tcp://work:2376" } } }',
};
const properties = { '/home/me/.testcontainers.properties': 'docker.host = tcp\\://named:2375\n' };
const socket = { '/var/run/docker.sock': '' };
const rootless = { '/run/user/1000/docker.sock': '' };
const podman = { '/run/podman/podman.sock': '' };

describe('the engine', () => {
  test.each([
    { what: 'that DOCKER_HOST names', files: { ...contexts, ...socket }, env: { DOCKER_HOST: 'tcp://a:1' }, host: 'tcp://a:1' },
    { what: 'of testcontainers’ settings', files: { ...properties, ...contexts }, env: {}, host: 'tcp://named:2375' },
    { what: 'of the current context', files: { ...contexts, ...socket }, env: {}, host: 'tcp://work:2376' },
    { what: 'of DOCKER_CONTEXT', files: { ...contexts, '/home/me/.docker/config.json': '{}' }, env: { DOCKER_CONTEXT: 'work' }, host: 'tcp://work:2376' },
    { what: 'of this machine', files: { ...socket, ...rootless, ...podman }, env: { DOCKER_CONTEXT: 'default' }, host: 'unix:///var/run/docker.sock' },
    { what: 'of this user', files: { ...rootless, ...podman }, env: {}, host: 'unix:///run/user/1000/docker.sock' },
    { what: 'in another runtime directory', files: { '/tmp/me/docker.sock': '' }, env: { XDG_RUNTIME_DIR: '/tmp/me' }, host: 'unix:///tmp/me/docker.sock' },
    { what: 'that is podman', files: podman, env: {}, host: 'unix:///run/podman/podman.sock' },
    { what: 'at the default socket, where nothing else is said', files: {}, env: {}, host: 'unix:///var/run/docker.sock' },
    { what: 'in spite of a broken config', files: { ...socket, '/home/me/.docker/config.json': '{' }, env: {}, host: 'unix:///var/run/docker.sock' },
  ])('is the one $what', ({ files, env, host }) => {
    expect(findEngine(machine(files, env))).toMatchObject({ host });
  }); // prettier-ignore

  test('says who named it', () => {
    expect(findEngine(machine(contexts)).by).toBe('Docker context "work"');
    expect(findEngine(machine(podman)).by).toMatch(/podman/);
  });

  test("has its context's certificates", () => {
    const tls = `/home/me/.docker/contexts/tls/${work}/docker`;
    expect(findEngine(machine(contexts)).certificates).toBeNull();
    expect(findEngine(machine({ ...contexts, [`${tls}/ca.pem`]: '' })).certificates).toBe(tls);
  });

  test('a context that there is none of is refused, with its name', () => {
    expect(() => findEngine(machine(socket, { DOCKER_CONTEXT: 'gone' }))).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('"gone"') }),
    );
  });
});
