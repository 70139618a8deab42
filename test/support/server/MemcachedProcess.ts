import { writeFileSync } from 'node:fs';
import { connect, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { startMemcached } from '../../../scripts/memcached.cjs';
import type { Certificate } from './certificate';
import { exchange, saslMechanisms } from './exchange';
import type { Login } from './PasswordServer';
import { PasswordServer } from './PasswordServer';

export interface MemcachedProcessOptions {
    /** 127.0.0.1 when absent. */
    host?: string;
    /** A free one when absent. */
    port?: number;
    /** `-s`: listens at `socketPath` instead of `host` and `port`. */
    unixSocket?: boolean;
    /** `-S`: refuses everybody but this login. */
    login?: Login;
    /** `-Z`: speaks TLS only. */
    certificate?: Certificate;
    /** PEM: speaks only to clients with a certificate of this authority. */
    clientAuthority?: string;
    /** `-C`: answers CAS 0. */
    withoutCas?: boolean;
    /** `-M`: answers "out of memory" (0x82) when full. */
    withoutEviction?: boolean;
    /** `-m` */
    memoryMegabytes?: number;
    /** `-I` */
    maxItemBytes?: number;
    /** `-o idle_timeout` */
    idleTimeoutSeconds?: number;
    /** Anything else, as on the command line. */
    args?: string[];
}

type LocalMemcached = Awaited<ReturnType<typeof startMemcached>>;

/**
 * A memcached of a test's own, to be broken at will. Dies with the test run, however that ends.
 *
 *     const server = await MemcachedProcess.start({ withoutCas: true });
 *     …
 *     await server.end();
 */
export class MemcachedProcess {
    #process!: LocalMemcached;
    /** Who is asked about logins; only with `login`. */
    readonly passwords: PasswordServer | undefined;

    constructor(private readonly options: MemcachedProcessOptions) {
        this.passwords = options.login && new PasswordServer(options.login);
    }

    static async start(options: MemcachedProcessOptions = {}): Promise<MemcachedProcess> {
        const server = new MemcachedProcess(options);
        await server.launch();
        return server;
    }

    /** For the first time: `start` has done so. */
    launch(): Promise<void> {
        return this.#launch(this.options.port);
    }

    get host(): string {
        return this.#process.host;
    }

    get port(): number {
        return this.#process.port;
    }

    get socketPath(): string | undefined {
        return this.#process.socketPath;
    }

    get pid(): number | undefined {
        return this.#process.pid;
    }

    /** As memjs wants it: `127.0.0.1:15000`, `[::1]:15000`. */
    get address(): string {
        return isIPv6(this.host) ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
    }

    /** A bare socket, whatever the server speaks; it trusts any certificate. */
    connect(): Socket {
        const { host, port, socketPath } = this;
        if (socketPath) return connect(socketPath);
        return this.options.certificate ? connectTls({ host, port, rejectUnauthorized: false }) : connect(port, host);
    }

    /** From one moment to the next, as power cuts do it. `restart` brings it back. */
    async kill(): Promise<void> {
        await this.#process.end();
    }

    /** Silent, with its connections open and new ones accepted by the kernel. `continue` wakes it up. */
    async stop(): Promise<void> {
        await this.#process.stop();
    }

    continue(): void {
        this.#process.signal('SIGCONT');
    }

    /** Empty, on the same port. */
    async restart(): Promise<void> {
        await this.#process.end();
        await this.#launch(this.port);
    }

    async end(): Promise<void> {
        await this.#process.end();
        await this.passwords?.end();
    }

    async #launch(port: number | undefined): Promise<void> {
        const { host, unixSocket } = this.options;
        try {
            this.#process = await startMemcached({
                host,
                port,
                unixSocket,
                args: commandLine(this.options),
                prepare: directory => this.#prepare(directory),
            });
            if (this.options.login) await this.#expectPlain();
        } catch (error) {
            await (this.#process as LocalMemcached | undefined)?.end();
            await this.passwords?.end();
            throw error;
        }
    }

    /** Without the plugin memcached starts, and refuses everybody. */
    async #expectPlain(): Promise<void> {
        const socket = this.connect();
        const { value: mechanisms } = await exchange(socket, saslMechanisms());
        socket.destroy();
        if (mechanisms.includes('PLAIN')) return;
        throw new Error(
            'memcached has no SASL mechanism PLAIN: install libsasl2-modules (Debian, Ubuntu) or cyrus-sasl-plain (Fedora)',
        );
    }

    #prepare(directory: string): { args: string[]; env: Record<string, string> } {
        const { certificate, clientAuthority } = this.options;
        const files = certificate ? certificateFiles(directory, certificate, clientAuthority) : [];
        return {
            args: certificate ? ['-Z', '-o', files.join(',')] : [],
            env: this.passwords?.listen(directory) ?? {},
        };
    }
}

function commandLine(options: MemcachedProcessOptions): string[] {
    const { maxItemBytes, memoryMegabytes, idleTimeoutSeconds } = options;
    return [
        options.login ? ['-S'] : [],
        options.withoutCas ? ['-C'] : [],
        options.withoutEviction ? ['-M'] : [],
        memoryMegabytes ? ['-m', String(memoryMegabytes)] : [],
        maxItemBytes ? ['-I', String(maxItemBytes)] : [],
        idleTimeoutSeconds ? ['-o', `idle_timeout=${idleTimeoutSeconds}`] : [],
        options.args ?? [],
    ].flat();
}

function certificateFiles(
    directory: string,
    { cert, key }: Certificate,
    clientAuthority: string | undefined,
): string[] {
    const write = (name: string, pem: string): string => {
        const file = join(directory, name);
        writeFileSync(file, pem, { mode: 0o600 });
        return file;
    };
    const files = [`ssl_chain_cert=${write('cert.pem', cert)}`, `ssl_key=${write('key.pem', key)}`];
    if (clientAuthority === undefined) return files;
    const REQUIRE = 2;
    return [...files, `ssl_ca_cert=${write('clients.pem', clientAuthority)}`, `ssl_verify_mode=${REQUIRE}`];
}
