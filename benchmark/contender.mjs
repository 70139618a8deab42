import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const contenderScript = fileURLToPath(new URL('./contender-process.mjs', import.meta.url));

/** Returns the environment without NODE_OPTIONS and memjs's servers and passwords. */
function cleanEnvironment() {
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^MEMCACHE|^NODE_OPTIONS/.test(name)));
}

/**
 * The process of a contender, as the benchmark controls it. A task that takes too long ends the
 * process, because a rival may hang.
 */
export class Contender {
    #child;
    #exited;

    constructor(script = contenderScript) {
        this.#child = fork(script, [], { execArgv: [], env: cleanEnvironment() });
        this.#exited = new Promise(resolve => this.#child.once('exit', resolve));
    }

    get pid() {
        return this.#child.pid;
    }

    run(task, timeoutMs) {
        return new Promise((resolve, reject) => {
            const child = this.#child;
            const settle = (finish, value) => {
                clearTimeout(timer);
                child.off('message', onMessage);
                child.off('exit', onExit);
                finish(value);
            };
            const onMessage = ({ result, error }) =>
                error === undefined ? settle(resolve, result) : settle(reject, new Error(error));
            const onExit = (code, signal) => settle(reject, new Error(`process ended (${signal ?? code})`));
            const timer = setTimeout(() => {
                settle(reject, new Error(`${task.task} hung for ${timeoutMs / 1000} s`));
                child.kill('SIGKILL');
            }, timeoutMs);
            if (!child.connected) return onExit(child.exitCode, child.signalCode);
            child.on('message', onMessage);
            child.once('exit', onExit);
            child.send(task);
        });
    }

    async end() {
        if (this.#child.connected) this.#child.disconnect();
        else this.#child.kill('SIGKILL');
        await this.#exited;
    }
}
