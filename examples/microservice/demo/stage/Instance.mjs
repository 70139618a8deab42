import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVICE = fileURLToPath(new URL('../../service.mjs', import.meta.url));
const ASK_DEMO_DNS = fileURLToPath(new URL('askDemoDns.cjs', import.meta.url));

/** The start of a log line, `[trace id:WARN:time] `. */
const LOG_PREFIX = /^\[[^\]]*\] /;

/** One instance of the service, in its own process. It does not outlive this process. */
export class Instance {
    url = '';
    #child;
    #log = '';
    #isEnding = false;

    /**
     * @param {string} name
     * @param {object} settings
     * @param {string} settings.protocol the protocol that it speaks with memcached
     * @param {Record<string, string>} settings.env the variables of its config.yml
     * @param {string} [settings.dns] the DNS server to ask, absent for that of the machine
     * @param {(line: string) => void} settings.onWarning gets each line of its stderr
     * @param {(error: Error) => void} settings.onCrash
     */
    constructor(name, { protocol, env, dns, onWarning, onCrash }) {
        this.name = name;
        this.protocol = protocol;
        // The child has its own process group. So Ctrl-C reaches only this process, which ends the
        // instances in order.
        this.#child = fork(SERVICE, [], {
            env: { ...process.env, ...env, ...(dns !== undefined && { DEMO_DNS: dns }) },
            execArgv: dns === undefined ? [] : ['--require', ASK_DEMO_DNS],
            stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
            detached: true,
        });
        this.#child.stdout?.on('data', chunk => this.#remember(chunk));
        this.#child.stderr?.on('data', chunk => {
            this.#remember(chunk);
            for (const line of `${chunk}`.trimEnd().split('\n')) onWarning(line.replace(LOG_PREFIX, ''));
        });
        this.closed = once(this.#child, 'close').then(([code, signal]) => {
            if (this.#isEnding) return;
            const lines = this.#log.trimEnd().split('\n').slice(-8).join('\n');
            onCrash(new Error(`${name} has ended unexpectedly (${signal ?? `exit code ${code}`}). It said:\n${lines}`));
        });
    }

    get pid() {
        return this.#child.pid;
    }

    /**
     * Resolves when the instance serves. After a crash it stays pending, and `onCrash` gets the
     * error.
     */
    async listening() {
        const [{ url }] = await once(this.#child, 'message');
        this.url = url;
    }

    async end() {
        this.#isEnding = true;
        this.#child.kill('SIGTERM');
        const killing = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
        await this.closed;
        clearTimeout(killing);
    }

    /** @param {Buffer} chunk */
    #remember(chunk) {
        this.#log = (this.#log + chunk).slice(-4000);
    }
}
