// Finds the memcached of this checkout, and starts servers that cannot outlive this process. It is
// CommonJS, so that jest's tests and the .mjs scripts share one copy.

const { execFileSync, spawn } = require('node:child_process');
const { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync } = require('node:fs');
const { connect } = require('node:net');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { setTimeout: delay } = require('node:timers/promises');

/**
 * @typedef {object} MemcachedBinary
 * @property {string} command
 * @property {Record<string, string>} env the variables for the libraries of an unpacked copy
 * @property {string} version
 *
 * @typedef {object} MemcachedService
 * @property {string} host
 * @property {number} port
 *
 * @typedef {object} StartOptions
 * @property {string} [host] address to listen on; 127.0.0.1 when absent
 * @property {number} [port] a free one when absent
 * @property {boolean} [unixSocket] listen on a Unix socket instead
 * @property {(directory: string) => { args?: string[], env?: Record<string, string> }} [prepare]
 *     makes further arguments from the server's private directory, which ends with the server
 * @property {string[]} [args] further arguments
 * @property {string} [command] another memcached than the one that `npm run setup` found
 */

/** The result of `npm run setup`. */
const recordPath = resolve(__dirname, '../node_modules/.cache/pip-services4-memcached/memcached.json');

const getMemcached = 'run `npm run setup`, which installs memcached or says how to';

/** @returns {{ binary?: MemcachedBinary, service?: MemcachedService }} */
function readRecord() {
    return existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, 'utf8')) : {};
}

/** Returns the memcached of the environment, or a new one. */
async function openMemcached() {
    const { MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: port } = process.env;
    const { binary, service } = readRecord();
    const given = host ? { host, port: Number(port || 11211) } : binary ? undefined : service;
    return given ? { ...given, end: async () => {}, unref: () => {} } : startMemcached();
}

/**
 * Starts a server, and resolves when it accepts connections. It dies with this process, even after
 * SIGKILL.
 * @param {StartOptions} options
 */
async function startMemcached(options = {}) {
    const { binary } = readRecord();
    if (!binary) throw new Error(`Starting a server needs a memcached on this machine: ${getMemcached}`);
    for (let attempt = 1; ; attempt++) {
        const server = new LocalMemcached(binary, { ...options, port: options.port ?? somePort() });
        const failure = await server.ready();
        if (!failure) return server;
        if (!failure.isAddressTaken || attempt === 20) throw new Error(failure.message);
        // Connections of a previous server may hold a given port a little longer.
        if (options.port) await delay(25);
    }
}

/**
 * Returns a port below those of outgoing connections. So a client that calls a dead server never
 * connects to itself. The port is still free when the server restarts.
 */
function somePort() {
    return 15000 + Math.floor(Math.random() * 15000);
}

/**
 * The script of a shell that turns into memcached, and leaves a reader of this process's pipe
 * behind. The pipe closes when memcached or this process ends, even by SIGKILL. The reader outlives
 * a signal to all of them, because it removes the directory.
 */
const leash = `
exec 3<&0 </dev/null
directory=$1; shift
{ trap '' HUP INT TERM; read -r _ <&3; kill -9 $$; rm -rf "$directory"; } >/dev/null 2>&1 &
exec "$@" 3<&-`;

class LocalMemcached {
    #child;
    #directory;
    #log;
    /** @type {Promise<void>} */
    #closed;
    #hasEnded = false;

    /**
     * @param {MemcachedBinary} binary
     * @param {StartOptions & { port: number }} options
     */
    constructor(binary, { host = '127.0.0.1', port, unixSocket = false, prepare, args = [], command: other }) {
        this.#directory = mkdtempSync(join(tmpdir(), 'memcached-'));
        this.host = host;
        this.port = port;
        this.socketPath = unixSocket ? join(this.#directory, 'memcached.sock') : undefined;

        const prepared = prepare?.(this.#directory) ?? {};
        const address = this.socketPath ? ['-s', this.socketPath] : ['-l', host, '-p', String(port)];
        const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
        const command = [other ?? binary.command, ...address, ...user, ...(prepared.args ?? []), ...args];
        // The file stays open, because the server's end deletes the directory.
        this.#log = openSync(join(this.#directory, 'stderr'), 'w+');
        this.#child = spawn('sh', ['-c', leash, 'sh', this.#directory, ...command], {
            env: { ...process.env, ...binary.env, ...prepared.env, MEMCACHED_PORT_FILENAME: this.#listening },
            stdio: ['pipe', 'ignore', this.#log],
        });
        this.#closed = new Promise(resolve => {
            this.#child.once('close', () => {
                this.#hasEnded = true;
                resolve();
            });
        });
    }

    get pid() {
        return this.#child.pid;
    }

    /**
     * Returns the file that memcached writes when it has bound its port. Any answer before that
     * comes from another process.
     */
    get #listening() {
        return join(this.#directory, 'port');
    }

    /**
     * Resolves when the server has started or failed.
     * @returns {Promise<{ message: string, isAddressTaken: boolean } | undefined>} the failure
     */
    async ready() {
        const isReady = await this.#comesUp();
        const log = isReady ? '' : readFromStart(this.#log).trim();
        closeSync(this.#log);
        if (isReady) return undefined;
        await this.end();
        const EX_OSERR = 71;
        const { exitCode } = this.#child;
        return {
            message: `memcached did not start: ${log || `exit code ${exitCode}`}`,
            isAddressTaken: exitCode === EX_OSERR,
        };
    }

    async #comesUp() {
        const deadline = Date.now() + 10_000;
        while (!this.#hasEnded && Date.now() < deadline) {
            if ((this.socketPath || existsSync(this.#listening)) && (await this.#accepts())) return true;
            await delay(3);
        }
        return false;
    }

    /** @returns {Promise<boolean>} */
    #accepts() {
        return new Promise(resolve => {
            const socket = this.socketPath ? connect(this.socketPath) : connect(this.port, this.host);
            socket.once('connect', () => resolve(true));
            socket.once('error', () => resolve(false));
            socket.once('connect', () => socket.destroy());
        });
    }

    /** @param {NodeJS.Signals} signal */
    signal(signal) {
        this.#child.kill(signal);
    }

    /**
     * Stops the server, and resolves when no thread runs. After the signal, threads may still
     * answer for some milliseconds.
     */
    async stop() {
        this.signal('SIGSTOP');
        while (!this.#hasEnded && !isStopped(Number(this.pid))) await delay(2);
    }

    /** Kills the server. A cache has nothing to save. */
    async end() {
        // The caller waits for the end, even after `unref`.
        this.#child.ref();
        this.#child.kill('SIGKILL');
        await this.#closed;
    }

    /** Lets this process end without a call of `end`. The server ends with it. */
    unref() {
        this.#child.unref();
        /** @type {import('node:net').Socket} */ (this.#child.stdin).unref();
    }
}

/** @param {number} pid */
function isStopped(pid) {
    const threads = `/proc/${pid}/task`;
    const states = existsSync(threads)
        ? readdirSync(threads).map(id => readFileSync(`${threads}/${id}/stat`, 'utf8').replace(/.*\) /, ''))
        : [execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).trim()];
    return states.every(state => state.startsWith('T'));
}

/**
 * Reads the file from its start. The child's writes have moved the file position, which both
 * processes share.
 * @param {number} file
 */
function readFromStart(file) {
    const bytes = Buffer.alloc(4096);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0));
}

module.exports = { recordPath, readRecord, openMemcached, startMemcached };
