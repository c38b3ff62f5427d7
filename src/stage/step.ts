// A pipeline as data: a list of steps, each saying what it needs of those before it and what it gives to those after. A step
// placed before its input does not compile. How it looks while it runs is report/'s affair.

export interface StepTools {
  readonly signal: AbortSignal;
  /** What is being done at this moment, a line: shown while the step runs, never kept. */
  readonly progress: (line: string) => void;
  /** A line of a command's output. */
  readonly output: (line: string) => void;
}

export interface Step<Needs, Gives> {
  /** As an operator would tick it off. */
  readonly title: string;
  readonly run: (context: Needs, tools: StepTools) => Promise<Gives>;
  /** A few words on how it ended, shown behind the title. */
  readonly outcome?: (context: Needs & Gives) => string | undefined;
}

/** A step whose types the pipeline has checked. */
export type CheckedStep = Step<object, object>;

export class Pipeline<Context extends object> {
  readonly steps: readonly CheckedStep[];

  private constructor(steps: readonly CheckedStep[]) {
    this.steps = steps;
  }

  static from<Start extends object>(): Pipeline<Start> {
    return new Pipeline<Start>([]);
  }

  then<Gives extends object>(step: Step<Context, Gives>): Pipeline<Context & Gives> {
    return new Pipeline<Context & Gives>([...this.steps, step as unknown as CheckedStep]);
  }
}

/** How long a step took: kept for --json and the closing line. */
export interface StepTime {
  readonly title: string;
  readonly seconds: number;
}

/** Runs a pipeline and shows it: report/'s `runPipeline`, or a plain loop. */
export type RunPipeline = <Context extends object>(
  pipeline: Pipeline<Context>,
  start: object,
) => Promise<{ readonly context: Context; readonly times: readonly StepTime[] }>;
