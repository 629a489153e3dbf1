export type { DockerDriverOptions } from './driver.ts';
export { createDockerDriver, dockerDriver } from './driver.ts';
