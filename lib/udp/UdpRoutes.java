//SOURCES FewNotices.java UdpName.java UdpRoute.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The routes to all targets, which follow interfaces, addresses and names as they change. For one thread at a time. */
final class UdpRoutes {
    private static final long BETWEEN_REFRESHES = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long BETWEEN_LOOKS_AT_INTERFACES = TimeUnit.SECONDS.toNanos(2);
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);

    private final List<UdpTarget> targets;
    private final UdpSource source;
    private final Consumer<String> notices;
    private final FewNotices moves = new FewNotices();
    private final Map<String, UdpName> names = new ConcurrentHashMap<>();

    private volatile List<UdpRoute> all;
    private long refreshAgain = System.nanoTime();
    private long interfacesAgain = refreshAgain;

    UdpRoutes(List<UdpTarget> targets, UdpSource source, Consumer<String> notices) {
        this.targets = targets;
        this.source = source;
        this.notices = notices;
        all = targets.stream().map(target -> new UdpRoute(target, source, notices)).toList();
    }

    /** Begins to look up names, and waits a little for the answers. */
    void lookUpNames() {
        targets.stream().filter(UdpTarget::isName).forEach(target -> names.computeIfAbsent(target.host(), UdpName::new));
        long patience = System.nanoTime() + TO_ANSWER;
        names.values().forEach(name -> name.await(patience));
    }

    /** Opens what can be opened now; what cannot is no failure, but for what {@link UdpBroadcaster#open} throws. */
    void open() throws IOException {
        refresh();
        for (UdpRoute route : all) {
            route.checkFirst();
        }
    }

    /** As they are now; may be called from any thread. */
    List<UdpRoute> all() {
        return all;
    }

    /** Finds out what no send would tell, and opens again what failed. Costs next to nothing if done lately. */
    void refresh() {
        long now = System.nanoTime();
        if (now - refreshAgain >= 0) {
            refresh(now);
        }
    }

    /** By itself, so that what comes seldom is not compiled again and again with what comes for each datagram. */
    private void refresh(long now) {
        boolean looksAtInterfaces = now - interfacesAgain >= 0;
        refreshAgain = now + BETWEEN_REFRESHES;
        interfacesAgain = looksAtInterfaces ? now + BETWEEN_LOOKS_AT_INTERFACES : interfacesAgain;
        targets.stream().filter(target -> looksAtInterfaces || target.isName()).forEach(this::follow);
        all.forEach(route -> route.refresh(looksAtInterfaces));
    }

    /** Gives a target's routes the addresses that it has now; a route whose address is still among them keeps it. */
    private void follow(UdpTarget target) {
        List<UdpRoute> had = all.stream().filter(route -> route.target == target).toList();
        try {
            List<InetSocketAddress> addresses = target.addresses(source, names);
            List<UdpRoute> free = new ArrayList<>(had);
            free.removeIf(route -> addresses.contains(route.address()));
            sayIfMoved(target, had, addresses);
            List<UdpRoute> has = new ArrayList<>();
            for (InetSocketAddress address : addresses) {
                UdpRoute route = had.stream().filter(one -> address.equals(one.address())).findFirst()
                    .orElseGet(() -> free.isEmpty() ? new UdpRoute(target, source, notices) : free.remove(0));
                route.goTo(address);
                has.add(route);
            }
            free.forEach(UdpRoute::close);
            all = targets.stream().flatMap(one ->
                one == target ? has.stream() : all.stream().filter(route -> route.target == one)).toList();
        } catch (IOException | IllegalArgumentException notNow) {
            had.forEach(route -> route.fails(notNow));
        }
    }

    private void sayIfMoved(UdpTarget target, List<UdpRoute> had, List<InetSocketAddress> addresses) {
        Set<InetSocketAddress> before = had.stream().map(UdpRoute::address).collect(Collectors.toSet());
        if (had.get(0).address() != null && !before.equals(Set.copyOf(addresses))) {
            moves.say(target + ": goes to " + addresses.stream().map(address -> address.getAddress().getHostAddress())
                .collect(Collectors.joining(" ")) + " now", notices);
        }
    }

    void close() {
        names.values().forEach(UdpName::close);
        names.clear();
        all.forEach(UdpRoute::close);
    }
}
