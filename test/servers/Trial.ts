import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemcachedCache, MemcachedClient, MemcachedLock } from 'pip-services4-memcached-node';
import { Opener } from '../support/Opener';
import type { Settings } from '../support/settings';
import type { ServerKind } from './servers';

/** The components that a verb uses, and a key that no other verb uses. */
export interface Use {
    readonly kind: ServerKind;
    readonly key: string;
    readonly client: MemcachedClient;
    readonly cache: MemcachedCache;
    readonly lock: MemcachedLock;
    /** The lock of a second holder. */
    readonly other: MemcachedLock;
    /** Opens a lock with the default options. */
    openLock(): Promise<MemcachedLock>;
}

/** A server with a client, a cache and two locks, for all verbs in turn. */
export class Trial {
    private readonly opener = new Opener();
    private components!: Omit<Use, 'kind' | 'key'>;
    private keys = 0;

    constructor(private readonly kind: ServerKind) {}

    async open(): Promise<void> {
        const { opener, kind } = this;
        const { access, wish } = kind;
        const { port } = await opener.ending(kind.start());
        const settings = this.settings(port);
        this.components = {
            client: await opener.client({ host: 'localhost', port, ...access }, { protocol: wish }),
            cache: await opener.cache([], { ...settings, prefix: 'cache:', clear: true }),
            lock: await opener.lock([], { ...settings, allow_proxy: true }),
            other: await opener.lock([], { ...settings, allow_proxy: true }),
            openLock: () => opener.lock([], settings),
        };
    }

    /** Returns the components, with a new key. */
    use(): Use {
        return { ...this.components, kind: this.kind, key: `key${++this.keys}` };
    }

    end(): Promise<void> {
        return this.opener.end();
    }

    /** Returns the configuration of components. */
    private settings(port: number): Settings {
        const { access, wish } = this.kind;
        const { login, tls } = access;
        return {
            'connection.uri': `${tls ? 'memcacheds' : 'memcached'}://localhost:${port}`,
            ...(tls && { 'credential.ssl_ca_file': this.fileOf(String(tls.ca)) }),
            ...(login && { 'credential.username': login.username, 'credential.password': login.password }),
            protocol: wish,
        };
    }

    private fileOf(contents: string): string {
        const directory = mkdtempSync(join(tmpdir(), 'servers-'));
        this.opener.atEnd(() => rmSync(directory, { recursive: true }));
        const file = join(directory, 'authority.pem');
        writeFileSync(file, contents);
        return file;
    }
}
