// Runs the end-to-end tests with jest. It ends with 77 if it cannot install the packages for the
// tests of Keyv.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, say } from './setup/say.mjs';
import { installLocked } from './setup/tools.mjs';

const LEFT_OUT = 77;

const modules = await installLocked(join(root, 'test/e2e/keyv'));
const env = modules === undefined ? process.env : { ...process.env, KEYV_MODULES: modules };
const jest = [join(root, 'node_modules/jest/bin/jest.js'), '--config', 'test/e2e/jest.config.js'];
const args = [...jest, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
if (modules === undefined) say('The tests of Keyv were not run: the packages are not available.');
process.exitCode = status === 0 && modules === undefined ? LEFT_OUT : (status ?? 1);
