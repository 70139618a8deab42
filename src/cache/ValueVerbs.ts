import type { AnyContext } from '../component/ComponentLogger';
import type { CacheEngine } from './engine/CacheEngine';
import type { TimeoutMs } from './model/checkTimeout';

/** Verbs on the value of one key. */
export class ValueVerbs {
    constructor(private readonly engine: CacheEngine) {}

    async retrieve(context: AnyContext, key: string): Promise<unknown> {
        const { engine } = this;
        try {
            const found = engine.keys.resolve(key);
            const held = await engine.commands.getText(typeof found === 'string' ? found : await found);
            return engine.read(context, held);
        } catch (error) {
            if (engine.keys.isMoved(error)) return this.retrieve(context, key);
            return engine.fallback(context, error, null);
        }
    }

    async store(context: AnyContext, key: string, value: unknown, timeout: TimeoutMs): Promise<unknown> {
        if (value === null || value === undefined) {
            await this.remove(context, key);
            return value;
        }
        const { engine } = this;
        try {
            const encoded = engine.encode(value);
            const expires = engine.expirySeconds(context, timeout);
            const found = engine.keys.resolve(key);
            const fullKey = typeof found === 'string' ? found : await found;
            if (encoded instanceof Promise || !engine.writes.isIdle) {
                await engine.setInOrder(context, fullKey, encoded, expires);
            } else {
                await engine.set(context, fullKey, encoded, expires);
            }
            engine.onSet(fullKey);
            return value;
        } catch (error) {
            if (engine.keys.isMoved(error)) return this.store(context, key, value, timeout);
            return engine.fallback(context, error, value);
        }
    }

    remove(context: AnyContext, key: string): Promise<unknown> {
        const { engine } = this;
        const remove = async (fullKey: string): Promise<unknown> =>
            engine.decode(context, await engine.writes.send(fullKey, null, () => engine.remove(fullKey)));
        return engine.ask<unknown>(context, null, () => engine.keys.withFullKey(key, remove));
    }

    touch(context: AnyContext, key: string, timeout: TimeoutMs): Promise<boolean> {
        const { engine } = this;
        return engine.ask(context, false, () => {
            const expires = engine.expirySeconds(context, timeout);
            return engine.keys.withFullKey(key, fullKey =>
                engine.writes.send(fullKey, null, async () => {
                    const isFound = await engine.commands.touch(fullKey, expires);
                    if (isFound) engine.touched(fullKey, expires);
                    return isFound;
                }),
            );
        });
    }

    retrieveAndTouch(context: AnyContext, key: string, timeout: TimeoutMs): Promise<unknown> {
        const { engine } = this;
        return engine.ask<unknown>(context, null, () => {
            const expires = engine.expirySeconds(context, timeout);
            return engine.keys.withFullKey(key, fullKey =>
                engine.writes.send(fullKey, null, async () => {
                    const item = await engine.commands.getAndTouch(fullKey, expires);
                    if (item.value === null) return engine.read(context, null);
                    engine.touched(fullKey, expires);
                    return engine.read(context, item);
                }),
            );
        });
    }
}
