#pragma once

#include <cstdint>
#include <string>

/// A disk under SQLite that fails and loses power as told (a VFS around the default one).
///
/// Writes go to the real files at once, so that SQLite reads what it wrote, and are remembered as
/// unsynced. After `cut_power` every operation fails; `crash` then gives each file the content that
/// the platter would have: what was synced, and of the rest some 512-byte sectors. One thread.
namespace cairn::piles_tests::disk {

enum class Fault : std::uint8_t {
  None,
  Full,        ///< the write fails with SQLITE_FULL, half of it done
  WriteError,  ///< the write fails with SQLITE_IOERR_WRITE, half of it done
  SyncError,   ///< the sync fails, and what it should have synced may be lost silently
  PowerCut,    ///< this and everything after it fails
};

/// Registers the disk as SQLite's default and forgets what it knew. `seed` decides what is lost.
void install(std::uint64_t seed);
/// Gives SQLite its own disk back.
void uninstall();
/// The `nth` write or sync from now on (from 1) meets `fault`, if it is of the kind it can meet;
/// else the next that is.
void plan(Fault fault, std::uint64_t nth);
/// The planned fault has struck.
bool has_struck();
/// Writes the surviving content to the files; all connections must be closed. Power is back then.
void crash();

}  // namespace cairn::piles_tests::disk
