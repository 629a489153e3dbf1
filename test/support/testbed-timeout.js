// Tests bring up processes, real hosts, links and browsers, maybe on a busy machine: a bound against hanging, not an expectation.
import { jest } from '@jest/globals';

jest.setTimeout(180_000);
