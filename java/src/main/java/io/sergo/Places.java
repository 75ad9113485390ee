package io.sergo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Where files are: the folders to watch so that no change of them goes unseen. */
final class Places {
    /** The most links on the way to one file, as the systems have it. */
    private static final int MOST_LINKS = 40;

    /** In each folder, by its path without links, the names that matter; none stands for all. */
    private final Map<Path, Set<Path>> names = new HashMap<>();

    Set<Path> folders() {
        return names.keySet();
    }

    /** Whether what happens to this name in a watched folder matters. */
    boolean concern(Path folder, Path name) {
        Set<Path> these = names.get(folder);
        return these != null && (these.isEmpty() || these.contains(name));
    }

    /** All that is in this folder matters. */
    void addFolder(Path real) {
        names.put(real, Set.of());
    }

    /**
     * Each name on which it depends where this path leads: the links on the way and the last one,
     * or the first that is missing.
     */
    void addWay(Path path) {
        Path absolute = path.toAbsolutePath();
        Path at = absolute.getRoot();
        Deque<Path> ahead = new ArrayDeque<>();
        absolute.forEach(ahead::addLast);
        for (int links = 0; !ahead.isEmpty() && links <= MOST_LINKS; ) {
            Path name = ahead.removeFirst();
            if (name.toString().equals("..")) {
                at = at.getParent() == null ? at : at.getParent();
                continue;
            }
            if (name.toString().equals(".") || name.toString().isEmpty()) {
                continue;
            }
            Path next = at.resolve(name);
            if (Files.isSymbolicLink(next)) {
                addName(at, name);
                Path target;
                try {
                    target = Files.readSymbolicLink(next);
                } catch (IOException gone) {
                    return;
                }
                at = target.isAbsolute() ? target.getRoot() : at;
                for (int part = target.getNameCount(); part > 0; part--) {
                    ahead.addFirst(target.getName(part - 1));
                }
                links++;
            } else if (ahead.isEmpty() || !Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
                addName(at, name);
                return;
            } else {
                at = next;
            }
        }
    }

    private void addName(Path folder, Path name) {
        Set<Path> these = names.computeIfAbsent(folder, first -> new HashSet<>(Set.of(name)));
        if (!these.isEmpty()) {
            these.add(name);
        }
    }
}
