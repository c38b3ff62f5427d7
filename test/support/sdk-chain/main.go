// A chain on the SDK's simapp, for upgrades between real binaries. The link sets the one thing in which two of them differ:
// `-ldflags "-X main.upgrade=<name>"` gives the handler of that upgrade, without which a node halts at its height.
package main

import (
	"io"
	"os"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	servercmd "github.com/cosmos/cosmos-sdk/server/cmd"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/simapp"
	"github.com/cosmos/cosmos-sdk/simapp/simd/cmd"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
	"github.com/spf13/cast"
	"github.com/tendermint/tendermint/libs/log"
	dbm "github.com/tendermint/tm-db"
)

var upgrade string

func main() {
	root, encoding := cmd.NewRootCmd()
	newApp := func(logger log.Logger, db dbm.DB, trace io.Writer, options servertypes.AppOptions) servertypes.Application {
		home := cast.ToString(options.Get(flags.FlagHome))
		app := simapp.NewSimApp(logger, db, trace, true, map[int64]bool{}, home, 0, encoding, options, server.DefaultBaseappOptions(options)...)
		if upgrade != "" {
			app.UpgradeKeeper.SetUpgradeHandler(upgrade, func(_ sdk.Context, _ upgradetypes.Plan, versions module.VersionMap) (module.VersionMap, error) {
				return versions, nil
			})
		}
		return app
	}
	plain, _, err := root.Find([]string{"start"})
	if err != nil {
		panic(err)
	}
	root.RemoveCommand(plain)
	root.AddCommand(server.StartCmd(newApp, simapp.DefaultNodeHome))
	if servercmd.Execute(root, "", simapp.DefaultNodeHome) != nil {
		os.Exit(1)
	}
}
