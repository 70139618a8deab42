import { writeFileSync } from 'node:fs';
import { connect, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { startMemcached } from '../../../scripts/memcached.cjs';
import { testProtocol } from '../protocol';
import type { Certificate } from './certificate';
import { exchange, saslMechanisms } from './exchange';
import type { Login } from './PasswordServer';
import { PasswordServer } from './PasswordServer';

export interface MemcachedProcessOptions {
    /** The default is 127.0.0.1. */
    host?: string;
    /** The default is a free port. */
    port?: number;
    /** `-s`: listens at `socketPath` instead of `host` and `port`. */
    unixSocket?: boolean;
    /** `-S`, or `-Y` over the meta protocol: accepts only this login. */
    login?: Login;
    /** `-Y`: accepts only this login, over text and meta. */
    textLogin?: Login;
    /** The servers behind memcached's own proxy. */
    backends?: readonly { port: number }[];
    /** `-Z`: accepts only TLS. */
    certificate?: Certificate;
    /**
     * The PEM of an authority. The server accepts only clients with a certificate of this
     * authority.
     */
    clientAuthority?: string;
    /** `-C`: returns CAS 0. */
    withoutCas?: boolean;
    /** `-M`: returns "out of memory" (0x82) when full. */
    withoutEviction?: boolean;
    /** `-m`: uses this much memory for items. */
    memoryMegabytes?: number;
    /** `-I`: rejects larger items. */
    maxItemBytes?: number;
    /** `-o idle_timeout`: closes a connection that is idle for longer. */
    idleTimeoutSeconds?: number;
    /** Further command-line arguments. */
    args?: string[];
    /** Another memcached than that of the checkout. */
    command?: string;
}

type LocalMemcached = Awaited<ReturnType<typeof startMemcached>>;

/**
 * A memcached that a test may break. The server ends with the test run, even after a crash.
 *
 *     const server = await MemcachedProcess.start({ withoutCas: true });
 *     …
 *     await server.end();
 */
export class MemcachedProcess {
    #process!: LocalMemcached;
    /** The server that checks logins of the binary protocol, if there is a `login`. */
    readonly passwords: PasswordServer | undefined;

    constructor(private readonly options: MemcachedProcessOptions) {
        if (testProtocol !== 'meta') this.passwords = options.login && new PasswordServer(options.login);
    }

    static async start(options: MemcachedProcessOptions = {}): Promise<MemcachedProcess> {
        const server = new MemcachedProcess(options);
        await server.launch();
        return server;
    }

    /** Starts the server for the first time, as `start` does. */
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

    /** The address in the format of memjs: `127.0.0.1:15000`, `[::1]:15000`. */
    get address(): string {
        return isIPv6(this.host) ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
    }

    /**
     * Opens a bare socket to the server, with TLS if the server uses it, and trusts any
     * certificate.
     */
    connect(): Socket {
        const { host, port, socketPath } = this;
        if (socketPath) return connect(socketPath);
        return this.options.certificate ? connectTls({ host, port, rejectUnauthorized: false }) : connect(port, host);
    }

    /** Kills the server at once, as a power failure does. `restart` starts the server again. */
    async kill(): Promise<void> {
        await this.#process.end();
    }

    /**
     * Suspends the server. Connections stay open, and the kernel accepts new connections.
     * `continue` resumes the server.
     */
    async stop(): Promise<void> {
        await this.#process.stop();
    }

    continue(): void {
        this.#process.signal('SIGCONT');
    }

    /** Restarts the server empty on the same port. */
    async restart(): Promise<void> {
        await this.#process.end();
        await this.#launch(this.port);
    }

    async end(): Promise<void> {
        await this.#process.end();
        await this.passwords?.end();
    }

    async #launch(port: number | undefined): Promise<void> {
        const { host, unixSocket, command } = this.options;
        try {
            this.#process = await startMemcached({
                host,
                port,
                unixSocket,
                command,
                args: commandLine(this.options),
                prepare: directory => this.#prepare(directory),
            });
            if (this.passwords) await this.#expectPlain();
        } catch (error) {
            await (this.#process as LocalMemcached | undefined)?.end();
            await this.passwords?.end();
            throw error;
        }
    }

    /** Throws if memcached lacks the SASL plugin that it needs for every login. */
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
        const { certificate, clientAuthority, login, backends } = this.options;
        const { textLogin = this.passwords ? undefined : login } = this.options;
        const tls = certificate ? certificateFiles(directory, certificate, clientAuthority).join(',') : '';
        return {
            args: [
                certificate ? ['-Z', '-o', tls] : [],
                this.passwords ? ['-S'] : [],
                textLogin ? ['-Y', loginFile(directory, textLogin)] : [],
                backends ? ['-o', `proxy_config=routelib,proxy_arg=${routesFile(directory, backends)}`] : [],
            ].flat(),
            env: this.passwords?.listen(directory) ?? {},
        };
    }
}

function commandLine(options: MemcachedProcessOptions): string[] {
    const { maxItemBytes, memoryMegabytes, idleTimeoutSeconds } = options;
    return [
        options.withoutCas ? ['-C'] : [],
        options.withoutEviction ? ['-M'] : [],
        memoryMegabytes ? ['-m', String(memoryMegabytes)] : [],
        maxItemBytes ? ['-I', String(maxItemBytes)] : [],
        idleTimeoutSeconds ? ['-o', `idle_timeout=${idleTimeoutSeconds}`] : [],
        options.args ?? [],
    ].flat();
}

function loginFile(directory: string, { username, password }: Login): string {
    const file = join(directory, 'logins');
    writeFileSync(file, `${username}:${password}\n`, { mode: 0o600 });
    return file;
}

/** Writes routes that spread the keys over the servers. */
function routesFile(directory: string, backends: readonly { port: number }[]): string {
    const file = join(directory, 'routes.lua');
    const servers = backends.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
    writeFileSync(
        file,
        `pools{ main = { backends = { ${servers} } } }\nroutes{ default = route_direct{ child = "main" } }\n`,
    );
    return file;
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
