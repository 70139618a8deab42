import { once } from 'node:events';
import { createServer } from 'node:http';
import { Controls } from './Controls.mjs';
import { whyRefused } from './guard.mjs';
import { readPageFile } from './pageFiles.mjs';
import { Recorder } from './Recorder.mjs';

const DEFAULT_PORT = 8080;

const TOLD = {
    killed: 'killed (SIGKILL)',
    started: 'started again, empty',
    joined: 'started and listed in DNS',
    left: 'taken out of DNS',
};

export class PortTaken extends Error {}

/**
 * The server of the page, its data as JSON and the actions of its buttons. It forwards other
 * requests to the instances. It listens on 127.0.0.1 only.
 */
export class LiveServer {
    #server = createServer((request, response) => void this.#serve(request, response));
    #recorder = new Recorder();
    /** @type {Controls | null} */
    #controls = null;

    get isServing() {
        return this.#controls !== null;
    }

    get url() {
        const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
        return `http://127.0.0.1:${port}`;
    }

    /**
     * @param {string} text
     * @param {import('./Recorder.mjs').EventKind} kind
     */
    note(text, kind) {
        this.#recorder.note(text, kind);
    }

    /**
     * @param {import('../stage/Fleet.mjs').Change} change
     * @param {string} name the name of the server
     */
    noteChange(change, name) {
        this.#recorder.note(`${name} ${TOLD[change]}`, change, name);
    }

    /** @param {number | null} port null for 8080, or for a free port if 8080 is taken */
    async listen(port) {
        try {
            await this.#bind(port ?? DEFAULT_PORT);
        } catch (error) {
            if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
            if (port !== null) throw new PortTaken(`Port ${port} is taken. Next: choose another one with --port`);
            await this.#bind(0);
        }
    }

    /** @param {import('../stage/Stage.mjs').Stage} stage */
    async serve(stage) {
        await this.#recorder.start(stage);
        this.#controls = new Controls(stage, this.#recorder);
    }

    async close() {
        await this.#recorder.stop();
        if (!this.#server.listening) return;
        const closed = once(this.#server, 'close');
        this.#server.close();
        this.#server.closeAllConnections();
        await closed;
    }

    /** @param {number} port */
    async #bind(port) {
        this.#server.listen(port, '127.0.0.1');
        await once(this.#server, 'listening');
    }

    /**
     * @param {import('node:http').IncomingMessage} request
     * @param {import('node:http').ServerResponse} response
     */
    async #serve(request, response) {
        const refused = whyRefused(request, new URL(this.url).port);
        const file = refused === null && request.method === 'GET' ? readPageFile(request.url) : null;
        if (file !== null) {
            response.writeHead(200, file.headers).end(file.content);
            return;
        }
        const { status, body } =
            refused === null
                ? await this.#answer(request).catch(({ message }) => ({ status: 502, body: { message } }))
                : { status: 403, body: { message: refused } };
        response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
        response.end(`${JSON.stringify(body)}\n`);
    }

    /** @param {import('node:http').IncomingMessage} request */
    async #answer({ method, url = '/' }) {
        const controls = this.#controls;
        if (controls === null) return { status: 503, body: { message: 'the story is still being told' } };
        if (method === 'GET' && url === '/state') return { status: 200, body: this.#recorder.state() };
        if (method === 'GET' && url.startsWith('/products/')) return controls.pass(url);
        const [, index, verb] = (method === 'POST' && /^\/memcached\/(\d)\/(kill|restart)$/.exec(url)) || [];
        if (verb === 'kill') return controls.kill(Number(index));
        if (verb === 'restart') return controls.restart(Number(index));
        if (method === 'POST' && url === '/rolling-restart') return controls.rollingRestart();
        if (method === 'POST' && url === '/fleet/grow') return controls.grow();
        if (method === 'POST' && url === '/fleet/shrink') return controls.shrink();
        if (method === 'POST' && url === '/stampede') return controls.stampede();
        return { status: 404, body: { message: `there is no ${method} ${url}` } };
    }
}
