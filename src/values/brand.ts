// A brand marks a string that went through its parser: a bare string does not fit where the branded one is asked for.

declare const brand: unique symbol;

/** `Base` that only the parser of `Name` makes; a branded `Base` keeps its own. The brand exists for the compiler only. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: { readonly [Key in Name]: true } };
