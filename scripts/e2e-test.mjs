// Runs the end-to-end tests with jest. It ends with 77 if the packages for the tests of Keyv are
// unavailable.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installKeyv } from './setup/keyv.mjs';
import { root } from './setup/say.mjs';

const LEFT_OUT = 77;

const isComplete = await installKeyv();
const jest = [join(root, 'node_modules/jest/bin/jest.js'), '--config', 'test/e2e/jest.config.js'];
const { status } = spawnSync(process.execPath, [...jest, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
if (!isComplete) console.log('Not tested here: Keyv and the packages that build on it (docs/keyv.md)');
process.exitCode = status === 0 && !isComplete ? LEFT_OUT : (status ?? 1);
