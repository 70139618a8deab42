import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startMemcached } from '../../../scripts/memcached.cjs';
import { read } from '../../docs/markdown';
import { root } from '../../support/root';

const { scripts, name } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; name: string };

/**
 * Programs of other packages. The test only checks that the project files in their arguments exist.
 */
const FOREIGN = ['node', 'npx', 'git', 'cd', 'docker', 'export', 'curl'];
/** The packages that docs/keyv.md installs. */
const { dependencies } = JSON.parse(read('test/e2e/keyv/package.json')) as { dependencies: object };
/** The built-in commands of npm. */
const OF_NPM = ['install', 'ci', 'pack'];

/** Returns the problems of the commands line by line. A `#` starts a comment. */
export async function checkCommands(code: string): Promise<string[]> {
    const commands = code
        .split('\n')
        .flatMap(line => line.replace(/(^|\s)#.*/, '').split(/&&|;/))
        .map(command => command.trim())
        .filter(Boolean);
    const problems = await Promise.all(commands.map(command => check(command)));
    return problems.flatMap((problem, i) => (problem === null ? [] : [`${commands[i]}: ${problem}`]));
}

async function check(command: string): Promise<string | null> {
    const words = command.split(/\s+/);
    while (/^\w+=/.test(words[0] ?? '')) words.shift();
    const [program = '', ...args] = words;
    const missing = args.find(word => /^(\.\/)?[\w.-]+\/[\w./-]+\.\w+$/.test(word) && !existsSync(join(root, word)));
    if (missing !== undefined) return `there is no ${missing}`;
    if (program === 'npm') return checkNpm(args);
    if (program === 'memcached') return checkMemcached(args);
    return FOREIGN.includes(program) ? null : 'the test does not know this program';
}

function checkNpm([verb = '', script = '', ...rest]: string[]): string | null {
    if (verb === 'test') return script === '' || script === '--' ? null : 'an argument without --';
    if (verb === 'run') return script in scripts ? null : `there is no script ${script}`;
    if (!OF_NPM.includes(verb)) return `npm has no ${verb} that the test knows`;
    const packages = [script, ...rest].filter(word => word !== '' && !word.startsWith('-'));
    const strange = packages.find(
        word =>
            word !== name && !(word in dependencies) && !word.startsWith(`./${name}-`) && !word.startsWith(`${name}-`),
    );
    return verb === 'install' && strange !== undefined ? `the tests do not know the package ${strange}` : null;
}

/** Returns the error of memcached with these arguments on a free port, or null if it starts. */
async function checkMemcached(args: string[]): Promise<string | null> {
    const given = args.join(' ').replace(/-[plu] \S+|--(port|listen|user)=\S+|-d\b/g, '');
    try {
        const server = await startMemcached({ args: given.split(/\s+/).filter(Boolean) });
        await server.end();
        return null;
    } catch (error) {
        return (error as Error).message;
    }
}
