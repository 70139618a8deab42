import type { IContext } from '../context/IContext';

/** A component that receives notifications. */
export interface INotifiable {
    notify(context: IContext | null, args: unknown): void;
}
