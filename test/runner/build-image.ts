/** Builds the agents' image, unless it exists, with the engine that this process's environment names. */
import { connectEngine } from '#harness/testbed/docker/engine';
import { ensureImage } from '#harness/testbed/docker/image';
import { messageOf } from '#proto/errors';

try {
  await ensureImage(connectEngine(), (line) => {
    console.error(`livemig: ${line}`);
  });
} catch (error) {
  console.error(`livemig: the agents' image could not be built: ${messageOf(error)}`);
  process.exitCode = 1;
}
