import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { lastLines, root, run } from '../setup/say.mjs';

/** A defect of the package. Its message is for the user. */
export class PackageFault extends Error {}

const work = realpathSync(mkdtempSync(join(tmpdir(), 'package-test-')));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));

/** An empty project outside this checkout. This process removes it at its end. */
export class Project {
    constructor(name) {
        this.folder = join(work, name);
        mkdirSync(this.folder);
    }

    path(file) {
        return join(this.folder, file);
    }

    write(file, text) {
        writeFileSync(this.path(file), text);
    }

    /** Copies a file of this checkout. */
    copy(file) {
        copyFileSync(join(root, file), this.path(basename(file)));
        return basename(file);
    }

    node(args, env) {
        return this.run(process.execPath, args, env);
    }

    run(command, args, env) {
        return execute(this.folder, command, args, env);
    }
}

/**
 * @returns {Promise<string>} the standard output of the command
 * @throws PackageFault when the command fails
 */
export async function execute(cwd, command, args, env = {}) {
    const { isOk, output, stdout } = await run(command, args, { cwd, env, timeoutMs: 3 * 60_000 });
    if (isOk) return stdout;
    throw new PackageFault(`${[basename(command), ...args].join(' ')} failed:\n${lastLines(output, 40)}`);
}
