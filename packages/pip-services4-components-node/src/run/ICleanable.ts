import type { IContext } from '../context/IContext';

/** A component with a state that can be cleared. */
export interface ICleanable {
    clear(context: IContext | null): Promise<void>;
}
