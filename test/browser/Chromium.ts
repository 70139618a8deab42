import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Json = Record<string, unknown>;
type Listener = (parameters: Json) => void;

interface Message {
    id?: number;
    sessionId?: string;
    method?: string;
    params?: Json;
    result?: Json;
    error?: { message: string };
}

const FLAGS = [
    '--headless',
    '--disable-gpu',
    '--disable-quic',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
    '--no-first-run',
    '--no-default-browser-check',
    '--remote-debugging-pipe',
];

/**
 * A headless browser. The class controls the browser through a pipe, with the DevTools protocol.
 * Each message is JSON followed by a NUL byte.
 */
export class Chromium {
    private readonly pending = new Map<number, { resolve(result: Json): void; reject(error: Error): void }>();
    private readonly listeners = new Map<string, Listener>();
    private lastId = 0;
    private rest = '';

    private constructor(
        private readonly child: ChildProcess,
        private readonly profile: string,
    ) {
        const output = child.stdio[4] as Readable;
        output.setEncoding('utf8').on('data', (text: string) => this.read(text));
        // The browser may end during a write. The 'close' event then rejects the pending calls.
        (child.stdio[3] as Writable).on('error', () => {});
        child.once('close', () => this.fail(new Error('the browser has ended')));
    }

    static start(command: string): Chromium {
        const profile = mkdtempSync(join(tmpdir(), 'page-test-'));
        // The sandbox of Chromium does not run as root.
        const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
        const args = [...FLAGS, ...asRoot, `--user-data-dir=${profile}`, 'about:blank'];
        const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
        return new Chromium(child, profile);
    }

    /** Sends a message to the browser, or to a page if there is a session. */
    send(method: string, params: Json = {}, sessionId?: string): Promise<Json> {
        const id = ++this.lastId;
        const message: Message = { id, method, params, ...(sessionId && { sessionId }) };
        (this.child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
        return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
    }

    on(sessionId: string, method: string, listener: Listener): void {
        this.listeners.set(`${sessionId} ${method}`, listener);
    }

    async end(): Promise<void> {
        const closed = once(this.child, 'close');
        await this.send('Browser.close').catch(() => {});
        await closed;
        rmSync(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }

    private read(text: string): void {
        const messages = (this.rest + text).split('\0');
        this.rest = messages.pop() ?? '';
        for (const one of messages) this.receive(JSON.parse(one) as Message);
    }

    private receive({ id, sessionId, method, params = {}, result = {}, error }: Message): void {
        if (id === undefined) return this.listeners.get(`${sessionId} ${method}`)?.(params);
        const waiting = this.pending.get(id);
        this.pending.delete(id);
        if (error) waiting?.reject(new Error(error.message));
        else waiting?.resolve(result);
    }

    private fail(error: Error): void {
        for (const { reject } of this.pending.values()) reject(error);
        this.pending.clear();
    }
}
