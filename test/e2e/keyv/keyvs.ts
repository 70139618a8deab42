import type { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { requirePackage } from './packages.cjs';

/** The part of Keyv that both versions have. */
export interface Keyv {
    namespace: string | undefined;
    on(event: 'error', listener: (error: Error & { code?: string }) => void): unknown;
    get(key: string): Promise<unknown>;
    getMany(keys: string[]): Promise<unknown[]>;
    set(key: string, value: unknown, ttl?: number): Promise<boolean>;
    setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
    has(key: string): Promise<boolean>;
    hasMany(keys: string[]): Promise<boolean[]>;
    delete(key: string): Promise<boolean>;
    deleteMany(keys: string[]): Promise<boolean | boolean[]>;
    clear(): Promise<void>;
    disconnect(): Promise<void>;
}

interface KeyvOptions {
    store: KeyvMemcached;
    namespace?: string;
    [option: string]: unknown;
}

export type KeyvClass = new (options?: KeyvOptions) => Keyv;

/** The versions of Keyv by name: their classes, and the options that turn the serializer off. */
export const VERSIONS: readonly [string, KeyvClass, object][] = [
    ['Keyv 5', load('keyv'), { serialize: undefined, deserialize: undefined }],
    ['Keyv 6', load('keyv6'), { serialization: false }],
];

function load(name: string): KeyvClass {
    return (requirePackage(name) as { Keyv: KeyvClass }).Keyv;
}
