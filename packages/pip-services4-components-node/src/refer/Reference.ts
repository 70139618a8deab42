import { locatorMatches } from './locatorMatches';

/** A component and its locator. */
export class Reference {
    private readonly _locator: unknown;
    private readonly _component: unknown;

    public constructor(locator: unknown, component: unknown) {
        if (component == null) throw new Error('Component cannot be null');
        this._locator = locator;
        this._component = component;
    }

    /** Returns whether the locator matches, or is the component itself. */
    public match(locator: unknown): boolean {
        return this._component === locator || locatorMatches(this._locator, locator);
    }

    public getComponent(): unknown {
        return this._component;
    }

    public getLocator(): unknown {
        return this._locator;
    }
}
