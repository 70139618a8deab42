import { CreateException } from './CreateException';
import type { IFactory } from './IFactory';

/** A factory that asks several others, the newest first. */
export class CompositeFactory implements IFactory {
    private readonly _factories: IFactory[] = [];

    public constructor(...factories: IFactory[]) {
        this._factories.push(...factories);
    }

    public add(factory: IFactory): void {
        if (factory == null) throw new Error('Factory cannot be null');
        this._factories.push(factory);
    }

    public remove(factory: IFactory): void {
        const index = this._factories.indexOf(factory);
        if (index >= 0) this._factories.splice(index, 1);
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public canCreate(locator: unknown): any {
        return this.factoryFor(locator)?.canCreate(locator) ?? null;
    }

    /** @throws CreateException CANNOT_CREATE when no factory can */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public create(locator: unknown): any {
        const factory = this.factoryFor(locator);
        if (factory == null) {
            const message = `Requested component ${String(locator)} cannot be created`;
            throw new CreateException(null, message).withDetails('locator', locator);
        }
        return factory.create(locator);
    }

    private factoryFor(locator: unknown): IFactory | undefined {
        if (locator == null) throw new Error('Locator cannot be null');
        return [...this._factories].reverse().find(factory => factory.canCreate(locator) != null);
    }
}
