import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';

export interface Login {
    username: string;
    password: string;
}

/**
 * Checks SASL logins for memcached in place of saslauthd, so that the tests need no saslauthd. Each
 * question is four strings with a length prefix: user, password, service and realm. Each answer is
 * one string with a length prefix.
 */
export class PasswordServer {
    #server: Server | undefined;
    /** The number of questions of memcached. */
    asked = 0;

    /** @param login the accepted login, which may change later */
    constructor(public login: Login) {}

    /** Listens in the directory, and returns the environment that memcached needs. */
    listen(directory: string): Record<string, string> {
        this.#server?.close();
        const path = join(directory, 'saslauthd');
        writeFileSync(
            join(directory, 'memcached.conf'),
            `mech_list: plain\npwcheck_method: saslauthd\nsaslauthd_path: ${path}\n`,
        );
        this.#server = createServer(socket => {
            this.asked++;
            answer(socket, this.login);
        }).listen(path);
        return { SASL_CONF_PATH: directory };
    }

    async end(): Promise<void> {
        await new Promise(resolve => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
    }
}

function answer(socket: Socket, login: Login): void {
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', chunk => {
        received = Buffer.concat([received, chunk]);
        const [username, password, , realm] = strings(received);
        if (realm === undefined) return;
        const isRight = username === login.username && password === login.password;
        socket.end(Buffer.from(isRight ? '\0\x02OK' : '\0\x02NO'));
    });
}

function strings(bytes: Buffer): string[] {
    const found: string[] = [];
    for (let at = 0; at + 2 <= bytes.length;) {
        const end = at + 2 + bytes.readUInt16BE(at);
        if (end > bytes.length) break;
        found.push(bytes.toString('utf8', at + 2, end));
        at = end;
    }
    return found;
}
