// Tests start processes, real hosts, links and browsers, maybe on a busy machine: this only guards against hanging.
import { jest } from '@jest/globals';

jest.setTimeout(180_000);
