// Libraries that wasmvm ships, by what is in them: the files of github.com/CosmWasm/wasmvm (and /v2) as the Go module proxy
// serves that version, so that a host without the module can tell which one it has. To add one: `go mod download -json
// github.com/CosmWasm/wasmvm@VERSION`, then sha256sum of what lies in its api/ or internal/api/.

/** Digest by file name, by the module's version. */
export const knownWasmvm = {
  'v0.14.0': {
    'libwasmvm.so': 'd166e0bcd8b7315bca2eb8194caca362b553b9f43733501e87f2842093983704',
  },
  'v1.0.0-beta2': {
    'libwasmvm.so': 'e8c60d3fff884962a8ff07fd1a18583c4484e3af730e4db4f8c0a8602f34681d',
  },
  'v1.0.0-beta7': {
    'libwasmvm.so': 'b5e820953ad3426ad8caf6937bc297bc7a86823bb87ca71e7042873252e70fa4',
  },
  'v1.0.0': {
    'libwasmvm.x86_64.so': '43247d9529593a7c1339669100a6221b0ccd5e7e4176a5fe080cb71d3cebb709',
    'libwasmvm.aarch64.so': '30da4ffe159ffdb26b4de69788826ca27a9878cb5ec25478b58824655a156e71',
  },
  'v1.1.1': {
    'libwasmvm.x86_64.so': 'a92f1a6d138c290d4d8021ab419d2c312ed0a70bf839792db6b34ec462b04a67',
    'libwasmvm.aarch64.so': 'bde69ce2bb9a9feb4266eed5bd8444c4c8d0ca9bfed5faff7ad52b829ccfca48',
  },
  'v1.2.4': {
    'libwasmvm.x86_64.so': '308a49d5e0f7d34f3e3486b8583c80af7147ccd2290ad4c8052dae65c3c0dabf',
    'libwasmvm.aarch64.so': '2543d7db85a5b2c0bad1028d0e2ad9c3fbb575e03d4624085b2ca423163a31ba',
  },
  'v1.2.6': {
    'libwasmvm.x86_64.so': '3551b058c638fe03f39e4046d9877061eb4b627531c0794ea879b19acf3857cc',
    'libwasmvm.aarch64.so': '2f6d0ee3357637862f5b05bb5fdd01f07ddca41f35d99af7f1cb7cdb9eb37ce3',
  },
  'v1.3.1': {
    'libwasmvm.x86_64.so': 'aef77a8e7f6a70ffeedb0973f41572866fbfa870ab2d1386976c3b63da0a9cd5',
    'libwasmvm.aarch64.so': 'a95ce86ee96c0b5df204b94b9c8df7e73aa4bde4172a8b9188084ec58bdb41a7',
  },
  'v1.5.0': {
    'libwasmvm.x86_64.so': '372c4fe957549939d1b2f6368628e38c9abfa85b9b93cfc5eeebbeaa3a2ababf',
    'libwasmvm.aarch64.so': 'c02d3b5e24665a210354cb223b17aa91fef53e228ced8e83022261aa00c5b050',
  },
  'v1.5.2': {
    'libwasmvm.x86_64.so': 'b0c3b761e5f00e45bdafebcfe9c03bd703b88b3f535c944ca8e27ef9b891cd10',
    'libwasmvm.aarch64.so': '7e769147083970a03356fbab36f976c5f69e262a30f4db295e57c420cea8e034',
  },
  'v1.5.5': {
    'libwasmvm.x86_64.so': 'caaa33589cc6b024ad2476771c6507a124247ee8ba10ab2d9b1b62016e0aa321',
    'libwasmvm.aarch64.so': '89b17ea24bd76963dae390cd9171e394a0276163b581a42a3b775ccd68efe6b7',
  },
  'v2.0.3': {
    'libwasmvm.x86_64.so': '57c26e563c7c73fbee00e01b523e37a8962e611c3e112a64aabda0fdbbf3745a',
    'libwasmvm.aarch64.so': 'facf5a322b60b23dd8dadeaa0fe5a1bdd4b8ff69adc4ea37836028a75f592aac',
  },
  'v2.1.2': {
    'libwasmvm.x86_64.so': '015bdae5e70304f1e487981f90e3956754718fe7bdac4446aab0838fcb8b33e0',
    'libwasmvm.aarch64.so': 'aaca92c6a114c34128b9c8e826f49841229d33d914fab0369007591b2d6b782d',
  },
  'v2.1.4': {
    'libwasmvm.x86_64.so': 'df9bb3c1d5e7fbe9a0e9591a630a9d735d6a61bb5187269b68311deabbb7bd2d',
    'libwasmvm.aarch64.so': 'f109d7b757cbecde166f4c87a5f7b2b29a949e7347e78c7e469e961da4d4c8ba',
  },
  'v2.2.1': {
    'libwasmvm.x86_64.so': '0cf3960e79fece5b2baa27c9db02dc8a3707fe370438a92516e39270b6182266',
    'libwasmvm.aarch64.so': 'ce22569d36bf83aa4a930371d93865cc4c94bfba6a63a912a0ca11540354b079',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;
