// The types of the console's API. The Go types are their source: services/console/journeys/row.go, services/console/system.go and
// telemetry/tracetree.

export type State = "dead" | "lost" | "stuck" | "failed" | "retrying" | "waiting" | "running" | "done";

export interface Where {
  kind: "queue" | "retry" | "dead" | "outbox" | "service";
  name: string;
  since: string;
  event?: string;
}

export interface Stage {
  kind: "work" | "wait" | "backoff" | "dead" | "outbox";
  place: string;
  fromMs: number;
  toMs: number;
  failed?: boolean;
}

export interface Row {
  id: string;
  version: number;
  /** number is the order number: ORD17. */
  number?: string;
  source: string;
  /** command: it is a command to the console alone. */
  command?: boolean;
  root: string;
  customer?: string;
  state: State;
  where?: Where;
  start: string;
  end: string;
  seen: string;
  durationMs: number;
  spans: number;
  dropped?: number;
  traces: string[];
  services: string[];
  events: string[];
  attempts: number;
  errors: number;
  dead: number;
  redriven: number;
  failures: string[];
  waitMs: number;
  backOffMs: number;
  workMs: number;
  longestWait?: string;
  longestWaitMs?: number;
  track: Stage[];
}

export interface Memory {
  bytes: number;
  limitBytes: number;
  spans: number;
  journeys: number;
  droppedJourneys: number;
  droppedSpans: number;
  oldest: string;
}

export interface JourneyList {
  journeys: Row[];
  matching: number;
  total: number;
  counts: Partial<Record<State, number>>;
  memory: Memory;
  now: string;
}

/** The data of the event "journeys". */
export interface JourneysEvent {
  reset?: boolean;
  upsert: Row[];
  remove: string[];
  counts: Partial<Record<State, number>>;
  matching: number;
  total: number;
  memory: Memory;
  now: string;
}

export interface WaterfallRow {
  traceId: string;
  spanId: string;
  parent: number;
  depth: number;
  name: string;
  service: string;
  kind: "internal" | "server" | "client" | "producer" | "consumer";
  failed?: boolean;
  error?: string;
  startMs: number;
  durationMs: number;
  wait?: { ms: number; told: boolean; queue: string };
  backOff?: { ms: number; after: number; dead?: boolean };
  attempt?: number;
  settled?: string;
  duplicate?: boolean;
  redriven?: boolean;
  injected?: string[];
  database?: boolean;
  messaging?: {
    system: string;
    operation: string;
    exchange?: string;
    routingKey?: string;
    queue?: string;
    messageId?: string;
    old?: boolean;
  };
  joined?: boolean;
  warning?: string;
  critical?: [number, number][];
}

export interface RowLink {
  from: number;
  to: number;
  traceId: string;
  spanId: string;
  attributes?: Attributes;
}

export interface Waterfall {
  start: string;
  end: string;
  rows: WaterfallRow[];
  links: RowLink[];
}

export type Attributes = Record<string, unknown>;

export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState?: string;
  attributes?: Attributes;
}

export interface Span {
  traceId: string;
  spanId: string;
  parentId?: string;
  traceState?: string;
  name: string;
  kind: string;
  service: string;
  start: string;
  durationMs: number;
  attributes?: Attributes;
  links?: SpanLink[];
  status?: string;
  statusMessage?: string;
}

export interface Attempt {
  number: number;
  start: string;
  end: string;
  settled?: string;
  error?: string;
  traceId: string;
  spanId: string;
}

/** A message in one queue, as its spans tell (tracetree.Message). */
export interface QueuedMessage {
  messageId: string;
  exchange: string;
  routingKey: string;
  queue: string;
  producer?: string;
  consumer?: string;
  sent?: SpanLink;
  state: "unsent" | "queued" | "retrying" | "requeued" | "paused" | "dead" | "lost" | "done";
  since: string;
  error?: string;
  attempts?: Attempt[];
}

export interface PathStep {
  kind: "work" | "database" | "call" | "outbox" | "publish" | "wait" | "back-off" | "dead" | "unknown";
  service?: string;
  what: string;
  start: string;
  durationMs: number;
  share: number;
  attempt?: number;
  error?: string;
  traceId: string;
  spanId: string;
}

export interface Path {
  from: string;
  to: string;
  start: string;
  durationMs: number;
  steps: PathStep[];
}

export interface Gap {
  after?: { traceId: string; spanId: string; name: string; service: string };
  expected: string;
  place: "ready" | "unacked" | "retry" | "paused" | "dead" | "outbox" | "lost" | "never-sent" | "unknown" | "soon";
  where: string;
}

export interface Missing {
  gaps: Gap[];
  unseen: string[];
  unanswered: string[];
}

export interface JourneyFailure {
  key: string;
  title: string;
  breaks: string;
  jaeger: string;
  repair: string;
  spans: string[];
}

export interface Journey {
  row: Row;
  source: "memory" | "jaeger";
  traces: { traceId: string; spans: number; start: string; jaeger: string }[];
  waterfall: Waterfall;
  path: Path | null;
  late: string;
  messages: QueuedMessage[];
  missing: Missing | null;
  failures: JourneyFailure[];
  tree: string;
  mermaid: string;
  map: ServiceMap;
  complete: boolean;
}

export interface NamedLink {
  traceId: string;
  spanId: string;
  name: string;
  service: string;
  attributes?: Attributes;
}

export interface Message {
  source: string;
  metadata?: unknown;
  data?: unknown;
  body?: string;
}

export interface SpanDetail {
  span: Span;
  resource: Attributes;
  scope: { name?: string; version?: string };
  events: { name: string; at: string; attributes?: Attributes }[];
  derived: Attributes;
  links: NamedLink[];
  linkedFrom: NamedLink[];
  logs: { at: string; severity: string; body: unknown; attributes?: Attributes }[];
  message: Message | null;
  messageNote: string;
  jaeger: string;
}

export interface Quantiles {
  p50Ms: number;
  p95Ms: number;
}

export interface Times {
  count: number;
  wait: Quantiles | null;
  work: Quantiles;
  backOff: Quantiles | null;
  errors: number;
  attempts: number;
}

export interface Hop {
  name: string;
  service: string;
  kind: string;
  queue?: string;
  depth: number;
  a: Times | null;
  b: Times | null;
}

export interface Comparison {
  a: Row;
  b: Row;
  hops: Hop[];
}

export interface Group {
  journeys: number;
  used: number;
  p50Ms: number;
  p95Ms: number;
  errors: number;
}

export interface GroupComparison {
  a: Group;
  b: Group;
  hops: Hop[];
}

export interface SwitchChange {
  key: string;
  variant: string | null;
  at: string;
}

export interface MenuItem {
  itemName: string;
  price: { value: number; currency: string };
  batch: number;
}

/** The answer of GET /api/menu. */
export interface Menu {
  items: MenuItem[];
}

export interface PlacedOrder {
  orderId: string;
  orderNumber: string;
  status: string;
  traceId: string;
  links: { self: string; journey: string; jaeger: string };
}

export interface ProblemDocument {
  type?: string;
  title: string;
  status?: number;
  detail?: string;
}

export interface OrdersAnswer {
  orders: PlacedOrder[];
  refused: ProblemDocument[];
}

export interface Load {
  running: boolean;
  perSecond: number;
  seconds: number;
  placed: number;
  refused: number;
  started: string;
  ends: string;
  customerId: string;
  failure: string;
}

export interface Setting {
  variant: string;
  percent?: number;
  customer?: string;
  unmarked?: boolean;
}

/** A switch of the failure board. */
export interface Switch {
  key: string;
  kind: "failure" | "experiment";
  group: string;
  title: string;
  breaks: string;
  where: string;
  variants: string[];
  default: string;
  targets: ("everyone" | "percent" | "customer" | "order")[];
  crash: boolean;
  jaeger: string;
  search: string;
  jaegerUrl: string;
  repair: string;
  refused: string;
  active: Setting | null;
  hits: { orders: number; since: string | null };
}

export interface Queue {
  queue: string;
  subscriber: string;
  event: string;
  ready: number;
  /** null if the management API does not answer */
  unacked: number | null;
  consumers: number;
  inPerSecond: number | null;
  outPerSecond: number | null;
  oldestMs: number | null;
  drainMs: number | null;
  retry: number;
  dead: number;
}

export interface QueueList {
  broker: { reachable: boolean; detail: string };
  queues: Queue[];
}

export interface Letter {
  messageId: string;
  event: string;
  version: string;
  conversationId: string;
  reason: string;
  error: string;
  attempts: number;
  service: string;
  exchange: string;
  routingKey: string;
  firstSentAt: string | null;
  diedAt: string | null;
  failedSpan: string;
  traceId: string;
  headersCut?: string;
  body: unknown;
  bodyEncoding?: "" | "text" | "base64";
}

export interface Redriven {
  messageId: string;
  conversationId: string;
  traceId: string;
}

export interface Edge {
  from: string;
  to: string;
  what: string;
  exchange?: string;
  queue?: string;
  count: number;
  errors: number;
  ratePerSecond: number;
  wait?: Quantiles;
  work?: Quantiles;
}

/** An event that a service sends into a queue. queue is "" if no consumer has handled it. */
export interface Way {
  event: string;
  from: string;
  queue: string;
}

export interface ServiceMap {
  traces: number;
  from: string;
  to: string;
  services: string[];
  edges: Edge[];
  declaredNotSeen?: Way[];
  seenNotDeclared?: Way[];
  journeys?: number;
}

export interface ScenarioSummary {
  name: string;
  title: string;
  place: number;
  /** the rows of the talk that it shows */
  rows?: number[] | null;
  steps: number;
  refused?: string;
}

export interface ScenarioPage extends ScenarioSummary {
  page: string;
  lines: string[];
}

export interface Run {
  scenario: string;
  title: string;
  started: string;
  running: boolean;
  passed: boolean;
  error?: string;
  refused?: boolean;
  seconds: number;
  step: number;
  of: number;
  lines: { at: string; step: number; text: string; detail?: boolean }[];
  readings: {
    of: string;
    look: string;
    golden: string;
    difference?: string;
    tree: string;
    traces: string[];
    journeys: string[];
  }[];
}

export interface Mystery {
  level: number;
  seed: number;
  keys: number;
  customer: string;
  started: string;
  orders: string[];
  hints: number;
  guesses: number;
  suspects: { key: string; title: string }[];
}

export interface Verdict {
  solved: boolean;
  right: string[];
  clues: { key: string; title: string; breaks: string; jaeger: string; repair: string }[];
  order?: string;
  difference?: string;
}

export interface Part {
  name: string;
  healthy: boolean;
  address: string;
  detail?: string;
}

export interface Parts {
  parts: Part[];
  versions: Record<string, string>;
  topology: { exchanges: number; queues: number; users: number; known: boolean; missing: string[] };
  memory: Memory;
  streams: number;
}

export interface About {
  version: string;
  jaeger: string;
  parts: { counter: boolean; queues: boolean; scenarios: boolean; failures: boolean; parts: boolean; jaeger: boolean };
  memory: Memory;
  stuckAfterMs: number;
}

/** What a view gets. */
export interface Context {
  params: Record<string, string>;
  query: URLSearchParams;
  about: About;
  /** go opens an address of the page. */
  go(path: string): void;
  /** setQuery changes the query of the address and calls the view's update. null and "" remove a name. */
  setQuery(values: Record<string, string | number | boolean | string[] | null | undefined>, options?: { replace?: boolean }): void;
  /** announce says a text to screen readers. */
  announce(text: string): void;
  /** toast shows a short text for some seconds. */
  toast(text: string, options?: { tone?: "done" | "error" | "plain"; action?: { text: string; fn: () => void } }): void;
  /** ready says that the view has drawn its first data. A view that never calls it is ready when open returns. */
  ready(): void;
  /** setPaused shows in the header that the view does not follow the stream. */
  setPaused(paused: boolean): void;
  /** setTitle changes the title of the page. */
  setTitle(title: string): void;
}

export interface View {
  title: string;
  element: HTMLElement;
  /** async views say that they call ready themselves. */
  loading?: boolean;
  update?(ctx: Context): void;
  close?(): void;
}
