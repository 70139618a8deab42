import type { IReferenceable } from './IReferenceable';
import type { IReferences } from './IReferences';
import type { IUnreferenceable } from './IUnreferenceable';

/** A setter of the references of components. It skips components without the method. */
export class Referencer {
    public static setReferencesForOne(references: IReferences, component: unknown): void {
        const target = component as Partial<IReferenceable>;
        if (typeof target.setReferences === 'function') target.setReferences(references);
    }

    public static setReferences(references: IReferences, components: unknown[]): void {
        for (const component of components) Referencer.setReferencesForOne(references, component);
    }

    public static unsetReferencesForOne(component: unknown): void {
        const target = component as Partial<IUnreferenceable>;
        if (typeof target.unsetReferences === 'function') target.unsetReferences();
    }

    public static unsetReferences(components: unknown[]): void {
        for (const component of components) Referencer.unsetReferencesForOne(component);
    }
}
