import type {
    ConfigParams,
    IConfigurable,
    IOpenable,
    IReferenceable,
    IReferences,
    IUnreferenceable,
} from 'pip-services4-components-node';
import type { ICache } from 'pip-services4-logic-node';
import type { AnyContext } from '../connect/ComponentLog';
import { ConnectionUser } from '../connect/ConnectionUser';
import { ValueStore } from './ValueStore';

/**
 * A cache that the instances of a service share. Values travel as JSON text, so services in other languages read them; `Buffer` and `Uint8Array` are kept as bytes.
 * A miss is null. An error is never turned into a miss, unless `options.fail_soft` asks for it.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)`: see {@link MemcachedConnectionResolver}; without a connection of its own it uses a referenced one
 * - `options.*`: see the README
 *
 * ### References ###
 *
 * - `*:connection:memcached:*:1.0`, `*:discovery:*:*:*`, `*:credential-store:*:*:*`, `*:logger:*:*:1.0`: all optional
 *
 * @example
 * const cache = new MemcachedCache();
 * cache.configure(ConfigParams.fromTuples('connection.host', 'localhost', 'options.prefix', 'my-service:'));
 * await cache.open(null);
 * await cache.store(null, 'key', { any: 'value' }, 5000);
 * const value = await cache.retrieve(null, 'key');
 * await cache.close(null);
 */
export class MemcachedCache implements ICache, IConfigurable, IReferenceable, IUnreferenceable, IOpenable {
    private readonly user = new ConnectionUser();
    private readonly values = new ValueStore(this.user);

    /** @throws ConfigException INVALID_OPTION */
    configure(config: ConfigParams): void {
        this.user.configure(config);
        this.values.configure();
    }

    setReferences(references: IReferences): void {
        this.user.setReferences(references);
    }

    unsetReferences(): void {
        this.user.unsetReferences();
    }

    isOpen(): boolean {
        return this.user.isOpen();
    }

    /**
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when no server answers, unless `options.fail_soft` is set
     */
    open(context: AnyContext): Promise<void> {
        return this.user.open(context);
    }

    close(context: AnyContext): Promise<void> {
        return this.user.close(context);
    }

    /** The value, null on a miss. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async retrieve(context: AnyContext, key: string): Promise<any> {
        try {
            const { values } = this;
            const held = await values.client.getText(values.fullKey(key));
            values.events.answered(context);
            return values.decode(context, held);
        } catch (error) {
            return this.values.soften(context, error, null);
        }
    }

    /**
     * Stores a value and answers it; null and undefined remove the entry.
     * @param timeout ms until it expires; absent, 0 and below: `options.timeout`. Rounded up to whole seconds.
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async store(context: AnyContext, key: string, value: any, timeout?: number | null): Promise<any> {
        if (value === null || value === undefined) {
            await this.remove(context, key);
            return value as null | undefined;
        }
        try {
            const { values } = this;
            const fullKey = values.fullKey(key);
            const encoded = values.encode(value);
            await values.set(context, fullKey, encoded, values.expirySeconds(context, timeout));
            values.events.answered(context);
            return value as unknown;
        } catch (error) {
            return this.values.soften(context, error, value);
        }
    }

    /** Removes the entry and answers the value that it had, null when it had none. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async remove(context: AnyContext, key: string): Promise<any> {
        try {
            const { values } = this;
            const fullKey = values.fullKey(key);
            values.forget(fullKey);
            const held = await values.client.getAndDelete(fullKey);
            values.events.answered(context);
            return values.decode(context, held);
        } catch (error) {
            return this.values.soften(context, error, null);
        }
    }
}
