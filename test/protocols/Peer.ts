import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkSource } from '../support/forkSource';
import type { Reply, Request, Verbs } from './peerChild';

interface Call {
    resolve(result: unknown): void;
    reject(error: Error): void;
}

/** A process that uses memcached over one protocol. */
export class Peer {
    private readonly calls: Call[] = [];

    private constructor(private readonly child: ChildProcess) {
        child.on('message', (reply: Reply) => {
            const { resolve, reject } = this.calls[reply.id]!;
            if ('error' in reply) reject(new Error(reply.error));
            else resolve(reply.result);
        });
    }

    static async start(protocol: 'binary' | 'meta', port: number): Promise<Peer> {
        // The default serialization of messages has neither buffers nor bigints.
        const child = forkSource(join(__dirname, 'peerChild.ts'), [port], {
            env: { ...process.env, TEST_PROTOCOL: protocol },
            serialization: 'advanced',
        });
        await once(child, 'message');
        return new Peer(child);
    }

    call<V extends keyof Verbs>(verb: V, ...args: Parameters<Verbs[V]>): ReturnType<Verbs[V]> {
        const result = new Promise((resolve, reject) => {
            const id = this.calls.push({ resolve, reject }) - 1;
            this.child.send({ id, verb, args } satisfies Request);
        });
        return result as ReturnType<Verbs[V]>;
    }

    async end(): Promise<void> {
        const exit = once(this.child, 'exit');
        this.child.disconnect();
        await exit;
    }
}
